import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { RunItem } from "~/api/schema";
import { Ago, Lasting, Time, Why } from "~/ui/parts";
import { State } from "~/ui/State";
import { label } from "~/ui/words";
import { WaitsFor } from "../run/WaitsFor";
import { endOf } from "./interval";

/** One run of the list: what it is, how it stands, and why. */
export const RunRow = memo(function RunRow({
  at,
  run,
  picked,
  pick,
}: {
  /** Its row of the table, from one. */
  at: number;
  run: RunItem;
  picked: boolean;
  pick: (id: string, range: boolean) => void;
}) {
  return (
    <tr data-run={run.run_id} aria-rowindex={at} className={picked ? "chosen" : ""}>
      <td className="runs-pick">
        <input
          type="checkbox"
          aria-label={`pick ${run.run_id}`}
          checked={picked}
          onChange={(event) => pick(run.run_id, (event.nativeEvent as MouseEvent).shiftKey)}
        />
      </td>
      <td>
        <State state={run.state} />
      </td>
      <td className="runs-name">
        <Link to="/runs/$run" params={{ run: run.run_id }} className="runs-link">
          <bdi>{run.key}</bdi>
        </Link>
        <Interval run={run} />
      </td>
      <td>
        <Link to="/dags/$dag" params={{ dag: run.dag_id }}>
          <bdi>{run.dag_id}</bdi>
        </Link>
      </td>
      <td className="wide">
        <Reason run={run} />
      </td>
      <td className="number">
        <Lasting start={run.started_at} end={run.ended_at} seconds={run.seconds} />
      </td>
      <td className="runs-when">
        {run.started_at ? (
          <Time at={run.started_at} zone={run.timezone} />
        ) : (
          <Ago at={run.created_at} zone={run.timezone} />
        )}
      </td>
      <td className="runs-kind">
        {run.backfill_id ? (
          <Link to="/backfills/$backfill" params={{ backfill: run.backfill_id }}>
            backfill {run.backfill_id}
          </Link>
        ) : (
          run.kind
        )}
        {run.actor && (
          <small>
            {" "}
            <bdi>{run.actor}</bdi>
          </small>
        )}
      </td>
      <td className="runs-version number">v{run.version}</td>
    </tr>
  );
});

/** Where the key alone does not tell the interval: what it covers. */
function Interval({ run }: { run: RunItem }) {
  const end = endOf(run);
  return end && <small className="runs-interval">to {end}</small>;
}

/** What failed it, or why it is as it is; a good run has nothing to say but why somebody asked for it. */
function Reason({ run }: { run: RunItem }) {
  const [culprit, ...others] = run.culprits;
  if (culprit)
    return (
      <p className="why failed">
        <bdi>
          <code>{label(culprit.task_id, culprit.map_index)}</code>
        </bdi>{" "}
        {culprit.reason}
        {others.length > 0 && <span className="muted"> and {others.length} more</span>}
      </p>
    );
  if (run.state === "success") return run.reason ? <Why>{run.reason}</Why> : null;
  if (run.state === "queued" && !run.why) return <WaitsFor run={run.run_id} />;
  return <Why state={run.state}>{run.why}</Why>;
}
