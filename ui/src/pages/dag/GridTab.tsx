import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { ActButton } from "~/act/Acting";
import type { DagPage } from "~/api/schema";
import { Grid } from "~/grid/Grid";
import { linesOf } from "~/grid/lines";
import { byInterval, type Column, chosen, stampOf } from "~/grid/sheet";
import { kindPath } from "~/grid/sprites";
import { useNow } from "~/live/hooks";
import { lookOf } from "~/ui/marks";
import { Answer, Button, Copy, Empty, Trouble } from "~/ui/parts";
import { Mark } from "~/ui/State";
import { RUN_MOVES } from "~/ui/state";
import { Typed } from "~/ui/Typed";
import { moment } from "~/ui/time";
import { count, many } from "~/ui/words";
import { CellCard } from "./CellCard";
import { useSheet } from "./pages";

const KINDS = ["scheduled", "backfill", "manual", "event", "lookback"];
const STATES = Object.keys(RUN_MOVES);
const LEGEND = [
  "success",
  "failed",
  "upstream_failed",
  "running",
  "queued",
  "up_for_retry",
  "deferred",
  "held",
  "skipped",
];

export function GridTab({ dag }: { dag: DagPage }) {
  const { state = "", kind = "", task = "", fold = "", order = "" } = useSearch({ strict: false });
  const navigate = useNavigate();
  const set = (some: Record<string, string | undefined>) =>
    void navigate({ to: ".", search: ((had: object) => ({ ...had, ...some })) as never, replace: true });
  const { first, sheet, more, loading, error, load } = useSheet(dag.dag_id);
  const folded = useMemo(() => new Set(fold.split(" ").filter(Boolean)), [fold]);
  const lines = useMemo(() => linesOf(sheet.rows, folded, task), [sheet.rows, folded, task]);
  const stamp = useCallback(
    (one: Column) => stampOf(one, (at) => moment(at, dag.timezone, "minute", false)),
    [dag.timezone],
  );
  const columns = useMemo(() => {
    const some = chosen(sheet.columns, state, kind);
    return order === "interval" ? byInterval(some, stamp) : some;
  }, [sheet.columns, state, kind, order, stamp]);
  const stamps = useMemo(() => columns.map(stamp), [columns, stamp]);
  const now = useNow(5_000);
  const groups = [...new Set(sheet.rows.map((row) => row.group ?? ""))].filter(Boolean);
  const toggle = (group: string) => {
    const next = new Set(folded);
    if (!next.delete(group)) next.add(group);
    set({ fold: [...next].join(" ") });
  };
  return (
    <>
      <div className="filters">
        <Typed name="task" label="tasks whose name contains" words={{ task }} change={set} />
        <Choice label="state of the run" all="any state" of={STATES} at={state} set={(one) => set({ state: one })} />
        <Choice label="kind of the run" all="any kind" of={KINDS} at={kind} set={(one) => set({ kind: one })} />
        <select aria-label="order of the runs" value={order} onChange={(event) => set({ order: event.target.value })}>
          <option value="">as they were made</option>
          <option value="interval">by interval</option>
        </select>
        {groups.length > 0 && (
          <Button look="quiet" onClick={() => set({ fold: folded.size ? "" : groups.join(" ") })}>
            {folded.size ? "unfold all groups" : "fold all groups"}
          </Button>
        )}
        <span className="muted dag-count" role="status">
          {loading ? "older runs come…" : shown(columns.length, sheet.columns.length, more)}
        </span>
        {more && !loading && columns.length > 0 && columns.length < 60 && (
          <Button look="quiet" onClick={load}>
            Look further back
          </Button>
        )}
      </div>
      {error && <Trouble error={error} again={load} />}
      <section className="panel dag-grid" aria-label="grid">
        <Answer of={first} lines={6}>
          {() =>
            !sheet.columns.length ? (
              <NoRuns dag={dag} />
            ) : !lines.length ? (
              <Empty>No task of this DAG has “{task}” in its name.</Empty>
            ) : !columns.length ? (
              <div className="empty dag-none">
                <p>
                  None of the {many(sheet.columns.length, "newest run")} fits:{" "}
                  {[state, kind].filter(Boolean).join(", ")}.
                </p>
                {more && (
                  <Button onClick={load} disabled={loading}>
                    Look further back
                  </Button>
                )}
              </div>
            ) : (
              <Grid
                lines={lines}
                columns={columns}
                letters={sheet.letters}
                stamps={stamps}
                now={now}
                question={`${dag.dag_id} ${state} ${kind} ${order}`}
                older={{ more, loading, load }}
                fold={toggle}
                card={(line, column) => (
                  <CellCard line={line} column={column} letters={sheet.letters} zone={dag.timezone} now={now} />
                )}
              />
            )
          }
        </Answer>
      </section>
      <Legend />
    </>
  );
}

function shown(some: number, known: number, more: boolean): string {
  const runs = some === known ? many(known, "run") : `${count(some)} of ${many(known, "run")}`;
  return more ? `${runs}; older ones come as you scroll` : runs;
}

function Choice({
  label,
  all,
  of,
  at,
  set,
}: {
  label: string;
  all: string;
  of: readonly string[];
  at: string;
  set: (one: string) => void;
}) {
  return (
    <select aria-label={label} value={at} onChange={(event) => set(event.target.value)}>
      <option value="">{all}</option>
      {of.map((one) => (
        <option key={one} value={one}>
          {lookOf(one).label}
        </option>
      ))}
    </select>
  );
}

function NoRuns({ dag }: { dag: DagPage }) {
  const next = dag.fires?.[0];
  if (dag.clock === "retired") return <Empty>None of its runs is kept, and no file declares it any more.</Empty>;
  return (
    <div className="empty dag-none">
      <p>
        {dag.dag_id} has not run yet.{" "}
        {dag.paused
          ? "It is paused: unpause it, and its schedule begins."
          : next
            ? `It runs by itself at ${moment(next.due, dag.timezone)}; start a run now to see it work.`
            : "It runs when somebody asks: start a run."}
      </p>
      <ActButton act={{ act: "trigger", of: { dags: [dag.dag_id] } }} dag={dag.dag_id} look="primary">
        Trigger
      </ActButton>
      <Copy text={`segue trigger ${dag.dag_id}`} />
    </div>
  );
}

/** What the marks mean, once. */
function Legend() {
  return (
    <ul className="dag-legend" aria-label="what the marks mean">
      {LEGEND.map((state) => (
        <li key={state}>
          <Mark state={state} size={12} bare /> {lookOf(state).label}
        </li>
      ))}
      {KINDS.map((kind) => {
        const path = kindPath(kind);
        return (
          path && (
            <li key={kind}>
              <svg className={`dag-kind ${kind}`} width={10} height={10} viewBox="0 0 16 16" aria-hidden>
                <path d={path} />
              </svg>{" "}
              {kind} run
            </li>
          )
        );
      })}
      <li>
        <span className="dag-dots" aria-hidden /> new version of the code
      </li>
      <li className="muted">arrows move, Enter opens, Space folds a group</li>
    </ul>
  );
}
