import { keepPreviousData } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { $api } from "~/api/client";
import type { RunWhole, TaskItem } from "~/api/schema";
import type { Search } from "~/search";
import { lookOf, ranked } from "~/ui/marks";
import { Ago, Answer, Empty, Lasting, Panel, Time, Why } from "~/ui/parts";
import { State } from "~/ui/State";
import { TASK_MOVES } from "~/ui/state";
import { Typed } from "~/ui/Typed";
import { count, label } from "~/ui/words";
import { Pager } from "./Pager";

const WAITING = ["pending", "queued", "up_for_retry", "deferred", "held"];
const FINISHED = ["success", "failed", "cancelled"];

/** Tasks and items, filtered; why each of those that wait does so. */
export function Tasks({ run, search }: { run: RunWhole; search: Search }) {
  const path = { run: run.run_id };
  const state = search.state && search.state in TASK_MOVES ? [search.state] : null;
  const query = { state, text: search.text || undefined, task: search.items, limit: 100, cursor: search.cursor };
  const asked = $api.useQuery(
    "get",
    "/api/v1/runs/{run}/tasks",
    { params: { path, query } },
    { placeholderData: keepPreviousData },
  );
  const why = $api.useQuery(
    "get",
    "/api/v1/runs/{run}/why",
    { params: { path, query: { task: search.items } } },
    { enabled: !FINISHED.includes(run.state) },
  );
  const whys = new Map(why.data?.tasks.map((one) => [one.task, one.why]));
  return (
    <Panel>
      <Filters run={run} search={search} />
      <Answer of={asked}>
        {({ items, next }) => (
          <>
            {items.length === 0 ? (
              <Empty>No task fits.</Empty>
            ) : (
              <Table items={items} whys={whys} zone={run.timezone} picked={search.task} />
            )}
            <Pager cursor={search.cursor} next={next} first="from the first task" on="more tasks" />
          </>
        )}
      </Answer>
    </Panel>
  );
}

function Filters({ run, search }: { run: RunWhole; search: Search }) {
  const navigate = useNavigate();
  const set = (change: Search) =>
    void navigate({
      to: ".",
      search: ((old: Search) => ({ ...old, cursor: undefined, ...change })) as never,
      replace: true,
      resetScroll: false,
    });
  const all = Object.values(run.counts ?? {}).reduce((sum, n) => sum + n, 0);
  return (
    <div className="panel-head filters">
      <Typed name="text" label="tasks whose name contains" words={search} change={set} />
      <select aria-label="state" value={search.state ?? ""} onChange={(event) => set({ state: event.target.value })}>
        <option value="">every state ({count(all)})</option>
        {ranked(run.counts ?? {}).map(([state, n]) => (
          <option key={state} value={state}>
            {lookOf(state).label} ({count(n)})
          </option>
        ))}
        {search.state && !run.counts?.[search.state] && <option value={search.state}>{search.state} (0)</option>}
      </select>
      {search.items && (
        <span className="tag">
          items of <bdi>{search.items}</bdi>{" "}
          <button type="button" className="run-clear" aria-label="all tasks" onClick={() => set({ items: undefined })}>
            ✕
          </button>
        </span>
      )}
    </div>
  );
}

interface TableProps {
  items: readonly TaskItem[];
  whys: ReadonlyMap<string, string>;
  zone: string;
  picked: string | undefined;
}

function Table({ items, whys, zone, picked }: TableProps) {
  return (
    <div className="scroll">
      <table className="run-tasks">
        <thead>
          <tr>
            <th scope="col">state</th>
            <th scope="col">task</th>
            <th scope="col">why</th>
            <th scope="col" className="number">
              attempts
            </th>
            <th scope="col">began</th>
            <th scope="col" className="number">
              took
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => {
            const name = label(one.task_id, one.map_index);
            return (
              <tr key={name} className={picked === name ? "chosen" : undefined}>
                <td>
                  <State state={one.state} />
                </td>
                <td>
                  <Link
                    to="."
                    search={((old: Search) => ({ ...old, task: name })) as never}
                    resetScroll={false}
                    className="run-task"
                  >
                    <bdi>{name}</bdi>
                  </Link>{" "}
                  {one.role && <span className="tag">{one.role}</span>}{" "}
                  {one.marked && <span className="tag">marked</span>}
                </td>
                <td className="wide">
                  <Why state={one.state === "failed" ? "failed" : undefined}>{whyOf(one, whys.get(name))}</Why>
                </td>
                <td className="number">{one.attempts || <span className="none">–</span>}</td>
                <td className="number">
                  <Time at={one.started_at} zone={zone} precision="second" />
                </td>
                <td className="number">
                  <Lasting start={one.started_at} end={one.ended_at} seconds={one.seconds} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function whyOf(one: TaskItem, waiting: string | undefined) {
  const plain = one.state === "success" && !one.marked; // nothing is to be said
  const why = WAITING.includes(one.state) ? (waiting ?? one.why) : plain ? null : one.why;
  const parts = [why, one.longer, one.reused_from && `taken over from ${one.reused_from}`].filter(Boolean).join(" · ");
  return (
    <>
      {parts}
      {one.not_before && (
        <>
          {parts && " · "}again <Ago at={one.not_before} />
        </>
      )}
    </>
  );
}
