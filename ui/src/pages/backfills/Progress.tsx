import type { BackfillItem } from "~/api/schema";
import { lookOf, ranked } from "~/ui/marks";
import { State } from "~/ui/State";
import { count, many } from "~/ui/words";
import { partsOf } from "./telling";
import "./progress.css";

type Counted = Pick<BackfillItem, "runs" | "intervals" | "over">;

/** How far a backfill is: a bar of its runs by state, and the numbers beside it. */
export function Progress({ backfill, words = false }: { backfill: Counted; words?: boolean }) {
  const told = ranked(backfill.runs);
  return (
    <div className="backfills-progress">
      <div
        className="backfills-bar"
        role="progressbar"
        aria-valuemin={0}
        aria-valuemax={backfill.intervals}
        aria-valuenow={backfill.over}
        aria-label={`${count(backfill.over)} of ${many(backfill.intervals, "interval")}`}
      >
        {partsOf(backfill).map(([state, share]) => (
          <span key={state} style={{ width: `${share * 100}%`, background: `var(--${lookOf(state).token})` }} />
        ))}
      </div>
      {words && (
        <span className="backfills-told">
          <span className="number">
            {count(backfill.over)} / {count(backfill.intervals)}
          </span>
          {told
            .filter(([state]) => state !== "success")
            .map(([state, n]) => (
              <span key={state} className="number">
                {count(n)} <State state={state} />
              </span>
            ))}
        </span>
      )}
    </div>
  );
}
