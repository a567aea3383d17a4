import { Link } from "@tanstack/react-router";
import { $api } from "~/api/client";
import type { AttemptItem, RunWhole } from "~/api/schema";
import type { Search } from "~/search";
import { ranked } from "~/ui/marks";
import { Ago, Answer, Lasting, Panel, Why } from "~/ui/parts";
import { State } from "~/ui/State";
import { count, label, length, many } from "~/ui/words";
import { LogTail } from "./LogTail";
import { Offers } from "./Offers";
import { parseLabel, taskOffers } from "./offers";
import { PreviewOf } from "./Preview";

const SHOWN = 8;

/** One task beside the graph: its state and why, attempts, last words, what it made and keeps, what one can do with it. */
export function Picked({ run, name }: { run: RunWhole; name: string }) {
  const { task, index } = parseLabel(name);
  const path = { run: run.run_id };
  const tasks = $api.useQuery("get", "/api/v1/runs/{run}/tasks", { params: { path, query: { task, limit: 2 } } });
  const mapped = index === null && (tasks.data?.items ?? []).some((one) => one.map_index !== null);
  return (
    <Panel
      className="run-picked"
      title={
        <>
          Task <bdi>{name}</bdi>
        </>
      }
      aside={
        <Link
          to="."
          search={((old: Search) => ({ ...old, task: undefined })) as never}
          resetScroll={false}
          className="button quiet"
          aria-label="close"
        >
          ✕
        </Link>
      }
    >
      <div className="body run-picked-body">
        <Answer of={tasks}>{() => (mapped ? <Items run={run} task={task} /> : <One run={run} name={name} />)}</Answer>
      </div>
    </Panel>
  );
}

function One({ run, name }: { run: RunWhole; name: string }) {
  const { task, index } = parseLabel(name);
  const path = { run: run.run_id };
  const said = $api.useQuery("get", "/api/v1/runs/{run}/why", { params: { path, query: { task: name } } });
  const attempts = $api.useQuery("get", "/api/v1/runs/{run}/attempts", {
    params: { path, query: { task, map_index: index, limit: 200 } },
  });
  const newest = attempts.data?.items.at(-1);
  return (
    <>
      <Answer of={said} lines={2}>
        {({ tasks: [one] }) =>
          one ? (
            <>
              <p>
                <State state={one.state} />
              </p>
              <Why state={one.state === "failed" ? "failed" : undefined}>{one.why}</Why>
              <p className="row">
                <Offers of={taskOffers(run, name, one.state)} dag={run.dag_id} />
              </p>
            </>
          ) : (
            <p className="muted">This run has no such task.</p>
          )
        }
      </Answer>
      <Answer of={attempts} lines={2}>
        {({ items }) => <Attempts all={items} />}
      </Answer>
      {newest && <LogTail attempt={newest.attempt_id} lines={8} live={newest.ended_at === null} />}
      <Made run={run.run_id} name={name} />
      <Keeps run={run.run_id} task={task} index={index} />
    </>
  );
}

function Attempts({ all }: { all: readonly AttemptItem[] }) {
  if (all.length === 0) return <p className="muted">Its code has not begun.</p>;
  return (
    <ul className="run-attempts">
      {all.slice(-SHOWN).map((one, n, shown) => (
        <li key={one.attempt_id}>
          <Link to="/attempts/$attempt" params={{ attempt: one.attempt_id }} className="link">
            attempt {one.attempt}
          </Link>{" "}
          <State state={one.state} size={12} />{" "}
          <small>
            {(one.wait_seconds ?? 0) >= 0.1 && `waited ${length(one.wait_seconds)}, `}
            <Lasting start={one.started_at} end={one.ended_at} seconds={one.seconds} /> · <Ago at={one.queued_at} />
          </small>
          {one.state !== "success" && (
            <Why state={one.state === "failed" ? "failed" : undefined}>
              {one.reason && one.reason === shown[n - 1]?.reason ? "the same error" : one.reason}
            </Why>
          )}
        </li>
      ))}
      {all.length > SHOWN && <li className="muted">and {many(all.length - SHOWN, "earlier one")}</li>}
    </ul>
  );
}

function Made({ run, name }: { run: string; name: string }) {
  const query = { task: name };
  const asked = $api.useQuery("get", "/api/v1/runs/{run}/results", { params: { path: { run }, query } });
  const [made] = asked.data ?? [];
  if (!made) return null;
  return (
    <section>
      <h3>It made</h3>
      <PreviewOf of={made} name={false} />
    </section>
  );
}

function Keeps({ run, task, index }: { run: string; task: string; index: number | null }) {
  const asked = $api.useQuery("get", "/api/v1/runs/{run}/state", { params: { path: { run } } });
  const kept = (asked.data ?? []).filter((one) => one.task_id === task && one.map_index === index);
  if (kept.length === 0) return null;
  return (
    <section>
      <h3>It keeps between attempts</h3>
      <dl className="run-kept">
        {kept.map((one) => (
          <div key={one.name}>
            <dt>
              <bdi>{one.name}</bdi>
            </dt>
            <dd>
              <code>
                <bdi>{one.value}</bdi>
              </code>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** A mapped task: how its items stand, and those that need somebody first. */
function Items({ run, task }: { run: RunWhole; task: string }) {
  const path = { run: run.run_id };
  const graph = $api.useQuery("get", "/api/v1/runs/{run}/graph", { params: { path } });
  const node = graph.data?.nodes.find((one) => one.id === task);
  const counts = ranked(node?.counts ?? {});
  const worst = counts[0]?.[0];
  const asked = $api.useQuery(
    "get",
    "/api/v1/runs/{run}/tasks",
    { params: { path, query: { task, state: worst ? [worst] : null, limit: SHOWN } } },
    { enabled: worst !== undefined },
  );
  const to = (state?: string) => ({ tab: "tasks", items: task, state }) as never;
  return (
    <>
      <ul className="run-counts">
        {counts.map(([state, n]) => (
          <li key={state}>
            <Link to="." search={to(state)}>
              {count(n)} <State state={state} size={12} />
            </Link>
          </li>
        ))}
      </ul>
      {node && <Why state={node.state === "failed" ? "failed" : undefined}>{node.why}</Why>}
      {node && (
        <p className="row">
          <Offers of={taskOffers(run, task, node.state)} dag={run.dag_id} />
        </p>
      )}
      <ul className="run-attempts">
        {asked.data?.items.map((one) => (
          <li key={one.map_index}>
            <State state={one.state} size={12} />{" "}
            <Link
              to="."
              search={((old: Search) => ({ ...old, task: label(task, one.map_index) })) as never}
              resetScroll={false}
              className="link"
            >
              <bdi>{label(task, one.map_index)}</bdi>
            </Link>
            <Why state={one.state === "failed" ? "failed" : undefined}>{one.why}</Why>
          </li>
        ))}
      </ul>
      <Link to="." search={to()} className="link">
        all items
      </Link>
    </>
  );
}
