import { keepPreviousData } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { $api } from "~/api/client";
import { itemsOf, PAGED } from "~/api/paging";
import type { AlertItem } from "~/api/schema";
import { DagField } from "~/ui/DagField";
import { NextPage } from "~/ui/NextPage";
import { Ago, Answer, Button, Copy, Empty, Panel } from "~/ui/parts";
import { Mark, State } from "~/ui/State";
import { many } from "~/ui/words";
import { counted, isUnheard, KINDS, kindOf, kindsIn, moreCauses } from "./kinds";

type Filters = Record<string, string | undefined>;
type Alert = Omit<AlertItem, "causes"> & { causes: readonly (readonly string[])[] };

const SINCE = [
  ["", "ever"],
  ["2h", "2 hours"],
  ["1d", "a day"],
  ["7d", "a week"],
  ["30d", "30 days"],
] as const;

export function List({ search, change }: { search: Filters; change: (filters: Filters) => void }) {
  const kinds = kindsIn(search.kind);
  const unsettled = search.unsettled === "1";
  const asked = $api.useInfiniteQuery(
    "get",
    "/api/v1/alerts",
    {
      params: {
        query: {
          dag: search.dag || undefined,
          kind: kinds.length ? kinds : undefined,
          since: search.since || undefined,
          unsettled: unsettled || undefined,
          limit: 50,
        },
      },
    },
    { ...PAGED, placeholderData: keepPreviousData },
  );
  const filtered = !!(search.dag || kinds.length || search.since || unsettled);
  const toggle = (kind: string) => {
    const next = kinds.some((one) => one === kind) ? kinds.filter((one) => one !== kind) : [...kinds, kind];
    change({ kind: next.join(",") || undefined });
  };
  return (
    <>
      <div className="filters">
        <DagField value={search.dag ?? ""} label="DAG" change={(dag) => change({ dag: dag || undefined })} />
        <select
          aria-label="since"
          value={search.since ?? ""}
          onChange={(event) => change({ since: event.target.value || undefined })}
        >
          {SINCE.map(([value, word]) => (
            <option key={value} value={value}>
              {value ? `within ${word}` : word}
            </option>
          ))}
          {search.since && !SINCE.some(([value]) => value === search.since) && <option>{search.since}</option>}
        </select>
        <fieldset className="alerts-kinds" aria-label="kinds">
          {KINDS.map(([kind, word, mark]) => (
            <Button key={kind} aria-pressed={kinds.includes(kind)} onClick={() => toggle(kind)}>
              <Mark state={mark} size={12} bare /> {word}
            </Button>
          ))}
        </fieldset>
        <label>
          <input
            type="checkbox"
            checked={unsettled}
            onChange={(event) => change({ unsettled: event.target.checked ? "1" : undefined })}
          />
          not yet delivered
        </label>
      </div>
      <Panel>
        <Answer of={asked}>
          {(data) => {
            const alerts = itemsOf(data.pages);
            if (!alerts.length)
              return (
                <Empty>{filtered ? "No alert fits these filters." : "Nobody had to be told of anything yet."}</Empty>
              );
            return (
              <>
                <ul className="alerts-list">
                  {alerts.map((alert) => (
                    <Row
                      key={`${alert.at}/${alert.kind}/${alert.dag_id}/${alert.run_id}/${alert.task}`}
                      alert={alert}
                    />
                  ))}
                </ul>
                <NextPage of={asked}>Older ones</NextPage>
              </>
            );
          }}
        </Answer>
      </Panel>
    </>
  );
}

function Row({ alert }: { alert: Alert }) {
  const { word, mark } = kindOf(alert.kind);
  const causes = moreCauses(alert);
  return (
    <li className={alert.over ? "alerts-over" : ""}>
      <Mark state={mark} size={16} bare />
      <div>
        <p className="alerts-line">
          <strong>{word}</strong>
          {alert.run_id ? (
            <Link
              to="/runs/$run"
              params={{ run: alert.run_id }}
              search={alert.task ? { task: alert.task } : {}}
              className="link"
            >
              <bdi>{alert.run_id}</bdi>
            </Link>
          ) : (
            <Link to="/dags/$dag" params={{ dag: alert.dag_id }} className="link">
              <bdi>{alert.dag_id}</bdi>
            </Link>
          )}
          {alert.owner && (
            <span className="muted">
              owner <bdi>{alert.owner}</bdi>
            </span>
          )}
          <span className="muted">
            <Ago at={alert.at} />
          </span>
          {alert.over && <span className="tag">all is good again</span>}
        </p>
        <p className="alerts-text">{alert.text}</p>
        {causes.map(([line, n]) => (
          <p key={line} className="why">
            {line} {n > 1 && <span className="tag">{n} ×</span>}
          </p>
        ))}
        {alert.folded.length > 0 && (
          <details>
            <summary>
              {many(alert.folded.length, "more of the same kind", "more of the same kind")}, told with it
            </summary>
            <ul className="alerts-folded">
              {counted(alert.folded).map(([line, n]) => (
                <li key={line}>
                  {line} {n > 1 && <span className="tag">{n} ×</span>}
                </li>
              ))}
            </ul>
          </details>
        )}
        {alert.command && !alert.over && <Copy text={alert.command} />}
        <Deliveries alert={alert} />
      </div>
    </li>
  );
}

function Deliveries({ alert }: { alert: Alert }) {
  return (
    <ul className="alerts-deliveries">
      {alert.deliveries.map((one) => (
        <li key={one.target}>
          <State state={one.state} size={12} /> <bdi>{one.target}</bdi>
          {one.tries > 1 && <span className="muted">, {many(one.tries, "try", "tries")}</span>}
          {one.text && <span className="muted">: {one.text}</span>}
        </li>
      ))}
      {isUnheard(alert) && alert.deliveries.length === 0 && <li className="muted">not delivered yet</li>}
    </ul>
  );
}
