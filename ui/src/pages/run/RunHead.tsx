import { Link } from "@tanstack/react-router";
import type { RunWhole } from "~/api/schema";
import { ranked } from "~/ui/marks";
import { Ago, Head, Lasting, Time, Why } from "~/ui/parts";
import { State } from "~/ui/State";
import { moment } from "~/ui/time";
import { count, many } from "~/ui/words";
import type { Newer } from "./newer";
import { Offers } from "./Offers";
import type { Offer } from "./offers";
import { WaitsFor } from "./WaitsFor";

/** Which run this is, how it stands and why, what one can do. */
export function RunHead({ run, newer, offers }: { run: RunWhole; newer: Newer; offers: readonly Offer[] }) {
  return (
    <>
      <Head
        title={run.run_id}
        mark={<State state={run.state} size={18} />}
        crumbs={
          <>
            <Link to="/dags">DAGs</Link>
            <span>/</span>
            <Link to="/dags/$dag" params={{ dag: run.dag_id }}>
              <bdi>{run.dag_id}</bdi>
            </Link>
            <span>/</span>
            <Link to="/runs" search={{ dag: run.dag_id } as never}>
              runs
            </Link>
          </>
        }
        note={
          run.state === "queued" && !run.why ? (
            <WaitsFor run={run.run_id} />
          ) : (
            <Why state={run.state === "failed" ? "failed" : undefined}>{run.why}</Why>
          )
        }
      >
        <Offers of={offers} dag={run.dag_id} />
      </Head>
      <dl className="run-facts">
        {run.interval && <Covers run={run} />}
        <div>
          <dt>kind</dt>
          <dd>
            {run.kind}
            {run.actor && (
              <>
                {" "}
                by <bdi>{run.actor}</bdi>
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>version</dt>
          <dd>
            <Version run={run} newest={newer.version} />
          </dd>
        </div>
        <div>
          <dt>began</dt>
          <dd>
            <Time at={run.started_at} zone={run.timezone} precision="second" />{" "}
            <small>
              <Ago at={run.started_at} zone={run.timezone} />
            </small>
          </dd>
        </div>
        <div>
          <dt>{run.started_at && !run.ended_at ? "has taken" : "took"}</dt>
          <dd>
            <Lasting start={run.started_at} end={run.ended_at} seconds={run.seconds} />
          </dd>
        </div>
        {run.round > 1 && (
          <div>
            <dt>round</dt>
            <dd>{run.round}</dd>
          </div>
        )}
        {run.backfill_id && (
          <div>
            <dt>part of</dt>
            <dd>
              <Link to="/backfills/$backfill" params={{ backfill: run.backfill_id }} className="link">
                backfill {run.backfill_id}
              </Link>
            </dd>
          </div>
        )}
        {run.reason && (
          <div>
            <dt>reason</dt>
            <dd>
              <bdi>{run.reason}</bdi>
            </dd>
          </div>
        )}
        <Counts run={run} />
      </dl>
      {run.state === "running" && <Slow run={run} />}
      {run.superseded && (
        <p className="why">
          Its interval has a newer run:{" "}
          <Link to="/runs" search={{ dag: run.dag_id, slot: run.key.split(".")[0] } as never} className="link">
            all runs of this interval
          </Link>
        </p>
      )}
    </>
  );
}

/** What takes longer than usual now: the first that one asks of a run that does not end. */
function Slow({ run }: { run: RunWhole }) {
  const all = Object.entries(run.longer_than_usual ?? {});
  return (
    <>
      {all.slice(0, 3).map(([task, said]) => (
        <p key={task} className="why late">
          <Link to="." search={{ tab: "graph", task } as never} className="link">
            <bdi>{task}</bdi>
          </Link>{" "}
          takes {said}
        </p>
      ))}
      {all.length > 3 && <p className="why late">and {many(all.length - 3, "other task")}</p>}
    </>
  );
}

function Covers({ run }: { run: RunWhole }) {
  if (!run.interval) return null;
  const { start, end } = run.interval;
  return (
    <div>
      <dt>covers</dt>
      <dd title={`${start} to ${end}`}>
        {moment(start, run.timezone, "minute", false)} to {moment(end, run.timezone, "minute", false)}{" "}
        <small>{run.timezone}</small>
      </dd>
    </div>
  );
}

function Version({ run, newest }: { run: RunWhole; newest: number }) {
  const search = newest > run.version ? { tab: "versions", old: run.version, new: newest } : { tab: "versions" };
  return (
    <Link to="/dags/$dag" params={{ dag: run.dag_id }} search={search as never} className="link">
      {run.version}
      {newest > run.version && `, the newest is ${newest}`}
    </Link>
  );
}

function Counts({ run }: { run: RunWhole }) {
  const all = ranked(run.counts ?? {});
  const total = all.reduce((sum, [, n]) => sum + n, 0);
  return (
    <div>
      <dt>{many(total, "task")}</dt>
      <dd className="run-counts">
        {all.map(([state, n]) => (
          <Link key={state} to="." search={{ tab: "tasks", state } as never}>
            {count(n)} <State state={state} size={12} />
          </Link>
        ))}
      </dd>
    </div>
  );
}
