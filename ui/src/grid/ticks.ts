/** The labels above the runs, and the heights of their bars. Pure. */
import type { Column } from "./sheet";

export interface Tick {
  readonly column: number;
  readonly text: string;
  /** A day begins here. */
  readonly day: boolean;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `2026-11-03` as `3 Nov`. */
export function dayName(day: string): string {
  return `${Number(day.slice(8, 10))} ${MONTHS[Number(day.slice(5, 7)) - 1] ?? ""}`;
}

/**
 * Labels for columns whose stamps are `2026-11-03 06:00`, the oldest first: where a day begins, then where an hour
 * does, then any, as long as each has room.
 *
 * @param wide width of a column, `room` of a label; pixels
 */
export function ticksOf(stamps: readonly string[], wide: number, room: number): Tick[] {
  const taken: Tick[] = [];
  const apart = Math.ceil(room / wide);
  const free = new Uint8Array(stamps.length); // 1: too near to a label
  const changed = (at: number, size: number) => stamps[at]?.slice(0, size) !== stamps[at - 1]?.slice(0, size);
  const take = (fits: (at: number) => boolean, text: (stamp: string) => string, day: boolean) => {
    for (let at = 0; at < stamps.length; at += 1) {
      if (free[at] || !fits(at)) continue;
      taken.push({ column: at, text: text(stamps[at] ?? ""), day });
      free.fill(1, Math.max(0, at - apart + 1), at + apart);
    }
  };
  take((at) => changed(at, 10), dayName, true);
  take(
    (at) => changed(at, 13) && !changed(at, 10),
    (stamp) => stamp.slice(11),
    false,
  );
  take(
    (at) => changed(at, 16) && !changed(at, 13),
    (stamp) => stamp.slice(11),
    false,
  );
  return taken.sort((a, b) => a.column - b.column);
}

/** How long a full bar is: the longest run, but no outlier makes all others flat. In seconds. */
export function scaleOf(seconds: readonly (number | null | undefined)[]): number {
  const known = seconds.filter((one): one is number => one != null && one > 0).sort((a, b) => a - b);
  if (!known.length) return 0;
  const most = known[known.length - 1] as number;
  const usual = known[Math.floor((known.length - 1) * 0.95)] as number;
  return Math.min(most, usual * 2);
}

/** The height of a bar: at least 1 for what took any time, at most `room`; pixels. */
export function barOf(seconds: number | null | undefined, scale: number, room: number): number {
  if (seconds == null || scale <= 0) return 0;
  return Math.max(1, Math.min(seconds / scale, 1) * room);
}

/** How long a run took, or has taken so far; seconds. */
export function lasted(column: Column, now: number): number | null {
  if (column.seconds != null) return column.seconds;
  const going = column.started_at && (column.state === "running" || column.state === "held");
  return going ? Math.max(0, (now - Date.parse(column.started_at as string)) / 1000) : null;
}
