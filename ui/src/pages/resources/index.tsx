import { keepPreviousData } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { $api } from "~/api/client";
import type { ResourceHistory, Resources } from "~/api/schema";
import { Answer, Head, Lasting, Panel } from "~/ui/parts";
import { count, length, many } from "~/ui/words";
import { Chart } from "./Chart";
import { Costs } from "./Costs";
import { Crew } from "./Crew";
import { columnsOf, HOURS, ofWindow, PLOTS, price } from "./history";
import { Parts } from "./Parts";
import { Pools } from "./Pools";
import "./resources.css";

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** What there is to work with, what waits for it, what was used of it, and whether all parts are well. */
export default function Page() {
  const asked = $api.useQuery("get", "/api/v1/resources", {}, { refetchInterval: 5_000 });
  return (
    <>
      <Head title="Resources" />
      <Parts />
      <Answer of={asked}>
        {(resources) => (
          <>
            <Figures of={resources} />
            <Time workers={resources.workers} />
            <div className="columns resources-columns">
              <Crew of={resources} />
              <Pools pools={resources.pools} />
            </div>
            <Costs of={resources} />
          </>
        )}
      </Answer>
    </>
  );
}

function Figures({ of }: { of: Resources }) {
  return (
    <dl className="figures">
      <div>
        <dt>Workers</dt>
        <dd>
          {count(of.busy)} of {count(of.workers)} busy
        </dd>
        <dd>
          <meter min={0} max={Math.max(of.workers, 1)} value={of.busy} aria-label="busy workers" />
          <small>{Math.round(of.utilisation * 100)} %</small>
        </dd>
      </div>
      <div>
        <dt>Queue</dt>
        <dd>{of.queued ? many(of.queued, "task") : "nothing waits"}</dd>
        <dd>
          <small>
            {of.oldest_seconds != null && (
              <>
                the oldest for <Lasting seconds={of.oldest_seconds} />
              </>
            )}
            {of.ready > of.queued && ` ${many(of.ready - of.queued, "more waits", "more wait")} for a pool or limit`}
          </small>
        </dd>
      </div>
      <div>
        <dt>Wait for a worker</dt>
        <dd>{length(of.wait_p50_seconds)}</dd>
        <dd>
          <small>95 of 100: {length(of.wait_p95_seconds)} at most</small>
        </dd>
      </div>
      <div>
        <dt>Cost of the last {ofWindow(of.window_seconds)}</dt>
        <dd>{of.price ? price(of.cost) : "no price"}</dd>
        <dd>
          <small>{of.price ? `${price(of.price)} a worker and hour` : "the setting worker_price has none"}</small>
        </dd>
      </div>
    </dl>
  );
}

function Time({ workers }: { workers: number }) {
  const words = useSearch({ strict: false });
  const navigate = useNavigate();
  const hours = HOURS.find((some) => String(some) === words.hours) ?? 24;
  const asked = $api.useQuery(
    "get",
    "/api/v1/resources/history",
    { params: { query: { hours } } },
    { placeholderData: keepPreviousData, refetchInterval: 30_000 },
  );
  return (
    <Panel
      title="Over time"
      aside={
        <>
          <span>times in {ZONE}</span>
          <select
            aria-label="how far back"
            value={hours}
            onChange={(event) =>
              void navigate({ to: "/resources", search: { ...words, hours: event.target.value }, replace: true })
            }
          >
            {HOURS.map((some) => (
              <option key={some} value={some}>
                the last {ofWindow(some * 3600)}
              </option>
            ))}
          </select>
        </>
      }
    >
      <Answer of={asked}>{(history) => <Charts history={history} workers={workers} />}</Answer>
    </Panel>
  );
}

function Charts({ history, workers }: { history: ResourceHistory; workers: number }) {
  const all = useMemo(() => PLOTS.map((plot) => columnsOf(history.points, plot.lines)), [history.points]);
  return (
    <div className="charts">
      {PLOTS.map((plot, index) => {
        const columns = all[index];
        const least = plot.lines[0]?.figure === "busy" ? workers : 0; // the whole crew is full height
        return columns && <Chart key={plot.title} plot={plot} columns={columns} zone={ZONE} least={least} />;
      })}
      {!history.complete && (
        <p className="muted">There were very many attempts: it begins later than asked for, where it is whole.</p>
      )}
    </div>
  );
}
