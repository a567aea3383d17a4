import type { ReactNode } from "react";
import { $api } from "~/api/client";
import type { DagPage, Deadline, Forecast, Param } from "~/api/schema";
import { Ago, Empty, Panel, Time } from "~/ui/parts";
import { State } from "~/ui/State";
import { length, many } from "~/ui/words";

const MISSED: Record<string, string> = {
  run: "each is run, one by one",
  latest: "only the newest is run",
  skip: "none is run",
};
const OVERLAP: Record<string, string> = { wait: "waits until there is room", skip: "is left out" };
const RISKS: Record<string, string> = { "on time": "success", "at risk": "stale", late: "late", unknown: "pending" };

/** When it runs and how far: in words. */
export default function Schedule({ dag }: { dag: DagPage }) {
  const asked = { params: { path: { dag: dag.dag_id } } };
  const forecast = $api.useQuery("get", "/api/v1/dags/{dag}/forecast", asked).data;
  return (
    <div className="columns">
      <Panel title="When it runs">
        <dl className="body dag-says">
          <Says name="schedule">{dag.schedule}</Says>
          <Says name="zone">
            {dag.timezone}
            {!known(dag.timezone) && (
              <span className="why"> (this browser does not know it: times are shown in UTC)</span>
            )}
          </Says>
          {(dag.start || dag.end) && (
            <Says name="from, until">
              <Time at={dag.start} zone={dag.timezone} /> to{" "}
              {dag.end ? <Time at={dag.end} zone={dag.timezone} /> : "no end"}
            </Says>
          )}
          {dag.fires?.length ? (
            <>
              <Says name="what lies before its first day here">
                {dag.catchup ? "is run, from its start on (catchup)" : "is not run by itself; a backfill does it"}
              </Says>
              <Says name="missed while nothing ran">{MISSED[dag.missed] ?? dag.missed}</Says>
            </>
          ) : null}
          {dag.lookback ? <Says name="looks back">{many(dag.lookback, "interval")} again after each run</Says> : null}
          <Says name="at the same time">
            {many(dag.max_active_runs, "run")} at most; one more {OVERLAP[dag.overlap] ?? dag.overlap}
          </Says>
          {dag.max_active_tasks != null && <Says name="tasks at a time">{dag.max_active_tasks} at most</Says>}
          {dag.timeout_seconds != null && <Says name="a run is stopped after">{length(dag.timeout_seconds)}</Says>}
          <Says name="alerts go to">
            {dag.alerts?.length ? <bdi>{dag.alerts.join(", ")}</bdi> : "where the settings say"}
          </Says>
          {dag.former?.length ? (
            <Says name="was called">
              <bdi>{dag.former.join(", ")}</bdi>
            </Says>
          ) : null}
        </dl>
      </Panel>
      <Panel title="What comes">
        <Fires dag={dag} />
      </Panel>
      {forecast && <Ahead forecast={forecast} zone={dag.timezone} />}
      <Panel title="Params">
        {dag.params?.length ? <Params params={dag.params} /> : <Empty>It takes none.</Empty>}
      </Panel>
      <Panel title="Released guards">
        {dag.released?.length ? (
          <div className="scroll">
            <table>
              <tbody>
                {dag.released.map((one) => (
                  <tr key={`${one.task_id} ${one.guard} ${one.at}`}>
                    <td>
                      <bdi>{one.task_id}</bdi>
                    </td>
                    <td className="wide">
                      {one.guard}
                      {one.like && <small> where it says {one.like}</small>}
                    </td>
                    <td>
                      <Ago at={one.at} zone={dag.timezone} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        ) : (
          <Empty>Every guard of its tasks is in force.</Empty>
        )}
      </Panel>
    </div>
  );
}

function Says({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function known(zone: string): boolean {
  try {
    return !!new Intl.DateTimeFormat("en-GB", { timeZone: zone });
  } catch {
    return false;
  }
}

function Fires({ dag }: { dag: DagPage }) {
  if (!dag.fires?.length)
    return (
      <Empty>
        {dag.paused ? "Nothing by itself while it is paused." : "Nothing by itself: it runs when asked to."}
      </Empty>
    );
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th>at ({dag.timezone})</th>
            <th>that is</th>
            <th>covers</th>
          </tr>
        </thead>
        <tbody>
          {dag.fires.map((fire) => (
            <tr key={fire.key}>
              <td className="dag-key">
                <Time at={fire.due} zone={dag.timezone} />
              </td>
              <td className="dag-key">
                <Ago at={fire.due} zone={dag.timezone} />
              </td>
              <td className="wide">
                <bdi>{fire.key}</bdi>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Ahead({ forecast, zone }: { forecast: Forecast; zone: string }) {
  return (
    <Panel title="How long it will take">
      <div className="body form">
        {forecast.known ? (
          <p>
            Half of its runs end within {length(forecast.median_seconds)}, nine of ten within{" "}
            {length(forecast.p90_seconds)}; known from {many(forecast.runs, "run")}. What decides:{" "}
            <bdi>{forecast.critical_path.join(" → ")}</bdi>.
          </p>
        ) : (
          <p>
            Not known yet{forecast.unknown.length > 0 && <>: these have never ended well: </>}
            <bdi>{forecast.unknown.slice(0, 8).join(", ")}</bdi>
          </p>
        )}
        {forecast.overlaps && <p className="why failed">A run takes longer than there is time before the next one.</p>}
        {(forecast.deadlines ?? []).map((one) => (
          <Due key={one.task_id ?? ""} deadline={one} zone={zone} />
        ))}
      </div>
    </Panel>
  );
}

function Due({ deadline, zone }: { deadline: Deadline; zone: string }) {
  return (
    <p className="row">
      <State state={RISKS[deadline.risk] ?? "pending"} />
      <span>
        {deadline.task_id ? <bdi>{deadline.task_id}</bdi> : "the next run"} is {deadline.risk}: due{" "}
        <Time at={deadline.deadline} zone={zone} />, expected <Time at={deadline.expected} zone={zone} />
      </span>
    </p>
  );
}

function Params({ params }: { params: readonly Param[] }) {
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th>name</th>
            <th>type</th>
            <th>default</th>
            <th>about</th>
          </tr>
        </thead>
        <tbody>
          {params.map((param) => (
            <tr key={param.name}>
              <td>
                <bdi>{param.name}</bdi>
              </td>
              <td className="dag-type">
                <code>{param.type}</code>
              </td>
              <td className="dag-type">
                {param.required ? (
                  "must be given"
                ) : param.secret ? (
                  "••••"
                ) : (
                  <code>{JSON.stringify(param.default)}</code>
                )}
              </td>
              <td className="wide">
                {param.description}
                {param.choices.length > 0 && <small> one of {param.choices.map(String).join(", ")}</small>}
                <details>
                  <summary>schema</summary>
                  <pre className="dag-schema">{JSON.stringify(param.schema, null, 2)}</pre>
                </details>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
