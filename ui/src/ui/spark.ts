/** The spark of a DAG: its newest runs as bars, the oldest first. Pure. */
import type { Mark } from "~/api/schema";
import { lookOf } from "./marks";
import { between } from "./time";
import { length } from "./words";

export interface Bar {
  readonly run: string;
  readonly state: string;
  /** Share of the height, 0 to 1. */
  readonly height: number;
  /** What a screen reader says, and the pointer shows. */
  readonly label: string;
}

const LEAST = 0.14;

/** How long a run took, or has taken so far; none where it has not begun. */
export function lasted(mark: Mark, now: number): number | null {
  return mark.seconds ?? between(mark.started_at, mark.ended_at, now);
}

/** The middle one of some numbers; null of none. */
export function median(numbers: readonly number[]): number | null {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

/** Bars: full height is twice the usual or the longest, whichever is less, so that one long run flattens no others. */
export function barsOf(marks: readonly Mark[], now: number): readonly Bar[] {
  const spans = marks.map((mark) => lasted(mark, now) ?? 0).filter((span) => span > 0);
  const full = Math.min(Math.max(...spans, 0), 2 * (median(spans) ?? 0)) || 1;
  return marks.toReversed().map((mark) => {
    const span = lasted(mark, now);
    return {
      run: mark.run_id,
      state: mark.state,
      height: Math.max(LEAST, Math.min(1, (span ?? 0) / full)),
      label: `${mark.key}: ${lookOf(mark.state).label}${span == null ? "" : `, ${length(span)}`}`,
    };
  });
}

/** The place that an arrow key leads to; null for keys that lead nowhere. */
export function moved(key: string, at: number, most: number): number | null {
  if (key === "ArrowLeft") return Math.max(0, at - 1);
  if (key === "ArrowRight") return Math.min(most - 1, at + 1);
  if (key === "Home") return 0;
  if (key === "End") return most - 1;
  return null;
}
