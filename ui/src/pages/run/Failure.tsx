import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { $api } from "~/api/client";
import type { Alike, Blast, RunWhole } from "~/api/schema";
import { Ago, Answer, Copy, Panel, Time, Why } from "~/ui/parts";
import { Mark } from "~/ui/State";
import { label, many } from "~/ui/words";
import { LogTail } from "./LogTail";
import { Differs, NewCode } from "./NewCode";
import type { Newer } from "./newer";
import { Offers } from "./Offers";
import type { Offer } from "./offers";

const SHOWN = 5;

/** What an on-call engineer wants first: what failed, its last words, what it stops, whether it did before, what to do. */
export function Failure({ run, newer, offers }: { run: RunWhole; newer: Newer; offers: readonly Offer[] }) {
  const first = run.culprits[0];
  const name = first && label(first.task_id, first.map_index);
  const best = offers[0];
  return (
    <Panel
      className={`run-fail ${run.state}`}
      title={
        <>
          <Mark state={run.state} bare /> {titleOf(run, name)}
        </>
      }
      aside={run.culprits.length > 1 && <Others run={run} />}
    >
      <div className="body run-fail-body">
        <div className="run-fail-log">
          {first && (
            <p className="run-reason">
              <bdi>{first.reason}</bdi>
            </p>
          )}
          {!first && <Why state={run.state}>{run.why}</Why>}
          {first && <Last run={run.run_id} task={first.task_id} index={first.map_index} />}
        </div>
        <div className="run-fail-side">
          <Affected run={run} />
          {first && <Earlier run={run.run_id} />}
          {newer.newer && <NewCode run={run} newer={newer} />}
          {best && run.state !== "held" && (
            <section>
              <h3>What to do</h3>
              <p className="row">
                <Offers of={[best]} dag={run.dag_id} />
              </p>
              <Copy text={best.command} />
            </section>
          )}
        </div>
      </div>
      {newer.newer && <Differs run={run} version={newer.version} />}
    </Panel>
  );
}

function titleOf(run: RunWhole, name: string | undefined): ReactNode {
  if (run.state === "interrupted") return "It is unfinished, and nobody drives it";
  if (!name) return run.state;
  return (
    <>
      {run.state === "failed" ? "First culprit: " : "Has failed already: "}
      <Link to="." search={{ tab: "graph", task: name } as never}>
        <bdi>{name}</bdi>
      </Link>
    </>
  );
}

function Others({ run }: { run: RunWhole }) {
  return (
    <span>
      and{" "}
      <Link to="." search={{ tab: "tasks", state: "failed" } as never} className="link">
        {many((run.counts?.failed ?? run.culprits.length) - 1, "other task")}
      </Link>
    </span>
  );
}

/** The last lines of the newest attempt of a task. */
function Last({ run, task, index }: { run: string; task: string; index: number | null }) {
  const query = { task, map_index: index, limit: 200 };
  const asked = $api.useQuery("get", "/api/v1/runs/{run}/attempts", { params: { path: { run }, query } });
  return (
    <Answer of={asked} lines={3}>
      {({ items }) => {
        const newest = items.at(-1);
        return newest ? <LogTail attempt={newest.attempt_id} /> : <p className="muted">Its code has not begun.</p>;
      }}
    </Answer>
  );
}

/** The blast radius in words and counts. */
export function Affected({ run }: { run: RunWhole }) {
  const asked = $api.useQuery("get", "/api/v1/runs/{run}/blast", { params: { path: { run: run.run_id } } });
  return (
    <section>
      <h3>What it stops</h3>
      <Answer of={asked} lines={2}>
        {(blast) => <Radius of={blast as Blast} zone={run.timezone} />}
      </Answer>
    </section>
  );
}

function Radius({ of, zone }: { of: Blast; zone: string }) {
  const quiet = !of.tasks.length && !of.dags.length && !of.data.length && !of.hidden;
  return (
    <ul className="run-blast">
      {quiet && <li className="muted">No task, data or DAG waits for it.</li>}
      {of.tasks.length > 0 && (
        <li>
          <strong>{many(of.tasks.length, "task")}</strong> of this run:{" "}
          <Names
            all={of.tasks}
            link={(task) => (
              <Link to="." search={{ tab: "graph", task } as never} className="link">
                <bdi>{task}</bdi>
              </Link>
            )}
          />
        </li>
      )}
      {of.data.length > 0 && (
        <li>
          <strong>{many(of.data.length, "table or file", "tables or files")}</strong> not written:{" "}
          <Names all={of.data} link={(name) => <bdi>{name}</bdi>} />
        </li>
      )}
      {of.dags.length > 0 && (
        <li>
          <strong>{many(of.dags.length, "DAG waits", "DAGs wait")}</strong> for this:{" "}
          <Names
            all={of.dags}
            link={(dag) => (
              <Link to="/dags/$dag" params={{ dag }} className="link">
                <bdi>{dag}</bdi>
              </Link>
            )}
          />
        </li>
      )}
      {of.hidden > 0 && <li>{many(of.hidden, "DAG")} that you may not see</li>}
      {of.backfill_id && (
        <li>
          <Link to="/backfills/$backfill" params={{ backfill: of.backfill_id }} className="link">
            backfill {of.backfill_id}
          </Link>{" "}
          has this run in it
        </li>
      )}
      {of.deadlines.map(([task, at]) => (
        <li key={`${task} ${at}`}>
          {task ? <bdi>{task}</bdi> : "the run"} is due <Ago at={at} /> (<Time at={at} zone={zone} />)
        </li>
      ))}
    </ul>
  );
}

function Names({ all, link }: { all: readonly string[]; link: (name: string) => ReactNode }) {
  return (
    <>
      {all.slice(0, SHOWN).map((name, n) => (
        <span key={name}>
          {n > 0 && ", "}
          {link(name)}
        </span>
      ))}
      {all.length > SHOWN && ` and ${all.length - SHOWN} more`}
    </>
  );
}

function Earlier({ run }: { run: string }) {
  const asked = $api.useQuery("get", "/api/v1/runs/{run}/alike", { params: { path: { run }, query: { limit: 20 } } });
  return (
    <section>
      <h3>Failed like this before</h3>
      <Answer of={asked} lines={2}>
        {(all) => <Before all={all} />}
      </Answer>
    </section>
  );
}

function Before({ all }: { all: readonly Alike[] }) {
  const same = all.filter((one) => one.same);
  if (all.length === 0) return <p className="muted">This task has not failed in an earlier run.</p>;
  return (
    <>
      <p>
        {same.length
          ? `${many(same.length, "earlier run")}${all.length === 20 ? " or more" : ""} with the same error`
          : `${many(all.length, "earlier run")}, with other errors`}
      </p>
      <ul className="run-alike">
        {(same.length ? same : all).slice(0, SHOWN).map((one) => (
          <li key={one.run.run_id}>
            <Mark state={one.run.state} />{" "}
            <Link to="/runs/$run" params={{ run: one.run.run_id }} className="link">
              <bdi>{one.run.run_id}</bdi>
            </Link>{" "}
            <small>
              <Ago at={one.run.ended_at} />
            </small>
            {!one.same && <p className="why">{one.reason}</p>}
          </li>
        ))}
      </ul>
    </>
  );
}
