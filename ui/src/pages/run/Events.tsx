import { Link } from "@tanstack/react-router";
import { $api } from "~/api/client";
import type { RunWhole, Event as Told } from "~/api/schema";
import type { Search } from "~/search";
import { Answer, Empty, Panel, Time, Why } from "~/ui/parts";
import { State } from "~/ui/State";
import { RUN_MOVES, SLOT_STATES, TASK_MOVES } from "~/ui/state";
import { label } from "~/ui/words";
import { Pager } from "./Pager";

const KNOWN = new Set<string>([...Object.keys(TASK_MOVES), ...Object.keys(RUN_MOVES), ...SLOT_STATES]);

/** Everything that has happened, each with its reason; the newest first unless one asks otherwise. */
export function Events({ run, search }: { run: RunWhole; search: Search }) {
  const newest = search.order !== "oldest";
  const query = { limit: 100, cursor: search.cursor, newest };
  const asked = $api.useQuery("get", "/api/v1/runs/{run}/events", { params: { path: { run: run.run_id }, query } });
  const turn = { tab: "events", order: newest ? "oldest" : undefined };
  return (
    <Panel
      title="What happened"
      aside={
        <Link to="." search={turn as never} replace className="button">
          {newest ? "oldest first" : "newest first"}
        </Link>
      }
    >
      <Answer of={asked}>
        {({ items, next }) => (
          <>
            {items.length === 0 ? (
              <Empty>Nothing has happened yet.</Empty>
            ) : (
              <Table items={items} zone={run.timezone} />
            )}
            <Pager
              cursor={search.cursor}
              next={next}
              first={newest ? "newest" : "from the beginning"}
              on={newest ? "older" : "newer"}
            />
          </>
        )}
      </Answer>
    </Panel>
  );
}

function Table({ items, zone }: { items: readonly Told[]; zone: string }) {
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">when</th>
            <th scope="col">what</th>
            <th scope="col">from → to</th>
            <th scope="col">why</th>
            <th scope="col">by</th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <tr key={one.seq}>
              <td className="number">
                <Time at={one.at} zone={zone} precision="second" />
              </td>
              <td>
                <What of={one} />
              </td>
              <td>
                <Move of={one} />
              </td>
              <td className="wide">
                <Why>{one.why}</Why>
              </td>
              <td>
                <bdi>{one.actor}</bdi>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function What({ of }: { of: Told }) {
  if (of.task == null || of.kind === "backfill") return <span className="muted">{of.kind}</span>;
  const name = label(of.task, of.map_index);
  return (
    <>
      <Link to="." search={((old: Search) => ({ ...old, task: name })) as never} resetScroll={false}>
        <bdi>{name}</bdi>
      </Link>{" "}
      {of.attempt ? <small className="run-attempt">attempt {of.attempt}</small> : null}
      {of.kind !== "task" && <small> {of.kind}</small>}
    </>
  );
}

function Move({ of }: { of: Told }) {
  const shown = (word: string | null | undefined) =>
    word ? KNOWN.has(word) ? <State state={word} size={12} /> : <bdi>{word}</bdi> : null;
  return (
    <span className="run-move">
      {of.old && of.kind !== "alert" && <>{shown(of.old)} →</>} {shown(of.new)}
    </span>
  );
}
