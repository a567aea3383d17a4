import { Link, useParams, useSearch } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense } from "react";
import { ActButton } from "~/act/Acting";
import { $api } from "~/api/client";
import type { DagPage, Mark } from "~/api/schema";
import { Ago, Answer, Copy, Head, Tabs, Time } from "~/ui/parts";
import { State } from "~/ui/State";
import { many } from "~/ui/words";
import "./dag.css";
import { GridTab } from "./GridTab";

const Graph = lazy(() => import("./Graph").then((module) => ({ default: module.DagGraph })));
const Runs = lazy(() => import("./Runs"));
const Trend = lazy(() => import("./Trend"));
const Calendar = lazy(() => import("./Calendar"));
const Schedule = lazy(() => import("./Schedule"));
const Versions = lazy(() => import("./Versions"));
const Tasks = lazy(() => import("./Tasks"));

const VIEWS: Record<string, readonly [string, (dag: DagPage) => ReactNode]> = {
  grid: ["Grid", (dag) => <GridTab dag={dag} />],
  graph: ["Graph", (dag) => <Graph dag={dag.dag_id} />],
  runs: ["Runs", (dag) => <Runs dag={dag} />],
  trend: ["Trend", (dag) => <Trend dag={dag} />],
  calendar: ["Calendar", (dag) => <Calendar dag={dag} />],
  schedule: ["Schedule", (dag) => <Schedule dag={dag} />],
  versions: ["Code", (dag) => <Versions dag={dag} />],
  tasks: ["Tasks", (dag) => <Tasks dag={dag} />],
};

export default function Page() {
  const { dag } = useParams({ strict: false });
  const asked = $api.useQuery("get", "/api/v1/dags/{dag}", {
    params: { path: { dag: dag ?? "" }, query: { runs: 1 } },
  });
  return (
    <>
      {!asked.data && <Head title={dag} crumbs={<Link to="/dags">DAGs</Link>} />}
      <Answer of={asked}>
        {(found) => (
          <>
            <DagHead dag={found} />
            <Views dag={found} />
          </>
        )}
      </Answer>
    </>
  );
}

function Views({ dag }: { dag: DagPage }) {
  const { tab = "grid" } = useSearch({ strict: false });
  const at = tab in VIEWS ? tab : "grid";
  const tabs = Object.entries(VIEWS).map(([name, [title]]) => [name, title] as const);
  return (
    <>
      <Tabs tabs={tabs} at={at} search={(name) => (name === "grid" ? {} : { tab: name })} />
      <Suspense
        fallback={
          <div className="skeleton" role="status" aria-label="loading">
            <span />
            <span />
          </div>
        }
      >
        {VIEWS[at]?.[1](dag)}
      </Suspense>
    </>
  );
}

function DagHead({ dag }: { dag: DagPage }) {
  const retired = dag.clock === "retired";
  const of = { dags: [dag.dag_id] };
  return (
    <>
      <Head
        title={dag.dag_id}
        crumbs={<Link to="/dags">DAGs</Link>}
        mark={dag.marks?.[0] && <Newest mark={dag.marks[0]} />}
        note={<Facts dag={dag} />}
      >
        {!retired && (
          <>
            <ActButton act={{ act: dag.paused ? "unpause" : "pause", of }} dag={dag.dag_id}>
              {dag.paused ? "Unpause" : "Pause"}
            </ActButton>
            {dag.fires?.length || dag.next ? (
              <ActButton act={{ act: "backfill", dag: dag.dag_id }} dag={dag.dag_id}>
                Backfill
              </ActButton>
            ) : null}
            <ActButton act={{ act: "trigger", of }} dag={dag.dag_id} look="primary">
              Trigger
            </ActButton>
          </>
        )}
      </Head>
      <Banners dag={dag} />
    </>
  );
}

function Newest({ mark }: { mark: Mark }) {
  return (
    <Link to="/runs/$run" params={{ run: mark.run_id }} title={`its newest run, ${mark.key}`}>
      <State state={mark.state} />
    </Link>
  );
}

function Facts({ dag }: { dag: DagPage }) {
  return (
    <>
      {dag.doc && <p className="dag-doc">{dag.doc}</p>}
      <ul className="dag-facts">
        <li>
          <Clock dag={dag} />
        </li>
        <li>{dag.schedule}</li>
        {dag.next && (
          <li>
            next <Time at={dag.next.due} zone={dag.timezone} /> (<Ago at={dag.next.due} zone={dag.timezone} />)
          </li>
        )}
        {dag.waiting > 0 && (
          <li>
            <Link to="/runs" search={{ dag: dag.dag_id, state: "queued" }} className="link">
              {many(dag.waiting, "interval")} wait for room
            </Link>
          </li>
        )}
        {dag.owner && (
          <li>
            owner <bdi>{dag.owner}</bdi>
          </li>
        )}
        <li>
          <code>
            {dag.file}
            {dag.line ? `:${dag.line}` : ""}
          </code>
        </li>
        <li>
          <Link to="." search={{ tab: "versions" } as never} className="link">
            version {dag.version}
            {dag.label ? ` (${dag.label})` : ""}
          </Link>
        </li>
        {dag.tags.map((tag) => (
          <li key={tag}>
            <Link to="/dags" search={{ tag }} className="tag">
              <bdi>{tag}</bdi>
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

const CLOCKS: Record<string, string> = {
  runs: "its clock runs",
  "by hand": "runs by hand",
  once: "runs once",
  over: "its schedule is over",
  "not seen": "not read yet",
};

function Clock({ dag }: { dag: DagPage }) {
  if (["paused", "retired", "quarantined"].includes(dag.clock)) return <State state={dag.clock} size={12} />;
  return <>{CLOCKS[dag.clock] ?? dag.clock}</>;
}

/** Who paused it, when and why, where the audit still has it. */
function By({ dag }: { dag: string }) {
  const query = { dag, act: ["PauseDags"], ok: true, limit: 1 };
  const [last] = $api.useQuery("get", "/api/v1/audit", { params: { query } }).data?.items ?? [];
  if (!last) return null;
  return (
    <>
      {" "}
      by <bdi>{last.actor}</bdi> <Ago at={last.at} />
      {last.reason && (
        <>
          {" "}
          (“<bdi>{last.reason}</bdi>”)
        </>
      )}
    </>
  );
}

/** What keeps the DAG from going on as its file says: always a sentence, and what to do. */
function Banners({ dag }: { dag: DagPage }) {
  return (
    <>
      {dag.error && (
        <div className="banner bad dag-banner" role="alert">
          <p>
            Its file cannot be read; it goes on as it was read last (version {dag.version}). Correct{" "}
            <code>{dag.file}</code>: it is read again by itself.
          </p>
          <pre>{dag.error}</pre>
          <Copy text={`segue check ${dag.file}`} />
        </div>
      )}
      {dag.quarantined && (
        <div className="banner bad dag-banner" role="alert">
          <p>{dag.quarantined}</p>
        </div>
      )}
      {dag.clock === "retired" && (
        <div className="banner wait dag-banner">
          <p>No file declares it any more, so it does not run. What it did stays here to be read.</p>
        </div>
      )}
      {dag.paused && (
        <div className="banner wait dag-banner">
          <p>
            Paused
            <By dag={dag.dag_id} />
            {dag.hard ? ": nothing of its runs is started either" : ": its clock stands, runs in flight go on"}
            {dag.paused_until && (
              <>
                , until <Time at={dag.paused_until} zone={dag.timezone} />
              </>
            )}
            .
          </p>
        </div>
      )}
    </>
  );
}
