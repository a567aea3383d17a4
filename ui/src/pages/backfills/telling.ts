/** What there is to say about a backfill, and what can be done with it. Pure. */
import type { BackfillItem, BackfillWhole } from "~/api/schema";
import { count, length, many } from "~/ui/words";

export type Move = "start" | "pause" | "resume" | "again" | "cancel";

/** A backfill with its intervals, as an answer of the server has it. */
export type Whole = Omit<BackfillWhole, "failed"> & { failed: readonly (readonly string[])[] };

type Standing = Pick<BackfillItem, "state" | "runs" | "intervals" | "over" | "seconds_left">;

/** What makes sense in the state that it is in; the likeliest first. */
export function movesOf({ state, runs }: Pick<BackfillItem, "state" | "runs">): Move[] {
  const again: Move[] = runs.failed ? ["again"] : [];
  switch (state) {
    case "proposed":
      return ["start", "cancel"];
    case "running":
      return ["pause", ...again, "cancel"];
    case "paused":
      return ["resume", ...again, "cancel"];
    default:
      return again;
  }
}

/** Where it stands, in a sentence or two. */
export function whereItStands(backfill: Standing & Pick<BackfillWhole, "verdict">): string {
  const { state, over, intervals } = backfill;
  const failed = backfill.runs.failed ?? 0;
  const held = backfill.runs.held ?? 0;
  const waits = held
    ? ` ${many(held, "run is", "runs are")} held back and wait for somebody to release or reject them.`
    : "";
  const trouble = `${failed ? ` ${many(failed, "run")} failed.` : ""}${waits}`;
  const left = backfill.seconds_left == null ? "" : `, about ${length(backfill.seconds_left)} left`;
  const far = `${count(over)} of ${many(intervals, "interval")} over`;
  switch (state) {
    case "proposed":
      return `It waits for a person: nothing runs until somebody starts it. ${verdictOf(backfill.verdict)}`;
    case "running":
      return held && over + held >= intervals
        ? `${far}.${trouble}` // nothing moves until somebody decides: how long that takes, nobody knows
        : `${far}${left}. ${verdictOf(backfill.verdict)}${trouble}`;
    case "paused":
      return `It is paused: ${far}; no further runs are made.${trouble}`;
    case "cancelled":
      return `It was cancelled: ${far}.${trouble}`;
    case "stopped":
      return `It has stopped: ${far}.${trouble}`;
    default:
      return `It has ended: ${over < intervals ? count(over) : "all"} of its ${many(intervals, "interval")} ran.${trouble}`;
  }
}

/** A verdict as the server words it (`catches up …`, `will never …`, `how long it takes is …`), as a sentence. */
export function verdictOf(verdict: string | null | undefined): string {
  if (!verdict) return "";
  return /^how /.test(verdict) ? `H${verdict.slice(1)}.` : `It ${verdict}.`;
}

/** Intervals in an hour, as a person says it. */
export function paceOf(pace: number | null | undefined): string {
  if (!pace) return "–";
  if (pace < 1) return `one interval in ${length(3600 / pace)}`;
  if (pace > 7200) return `${count(pace / 3600)} intervals a second`;
  if (pace > 120) return `${count(pace / 60)} intervals a minute`;
  return `${count(pace)} intervals an hour`;
}

/** Intervals that ended in an hour since it began; null while none has. */
export function paceSince(
  backfill: Pick<BackfillItem, "over" | "created_at" | "ended_at">,
  now: number,
): number | null {
  const until = backfill.ended_at ? Date.parse(backfill.ended_at) : now;
  const hours = (until - Date.parse(backfill.created_at)) / 3_600_000;
  return backfill.over > 0 && hours > 0 ? backfill.over / hours : null;
}

/** Failures of one task with one reason, the most frequent first. Numbers in a reason do not make it another. */
export function grouped(failed: readonly (readonly string[])[]): { task: string; reason: string; count: number }[] {
  const groups = new Map<string, { task: string; reason: string; count: number }>();
  for (const [task = "", reason = ""] of failed) {
    const key = `${task}\n${reason.replace(/\d+/g, "#")}`;
    const known = groups.get(key);
    if (known) known.count += 1;
    else groups.set(key, { task, reason, count: 1 });
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

/** The parts of a progress bar: runs by state, the rest waits. Shares of one. */
export function partsOf({ runs, intervals }: Pick<BackfillItem, "runs" | "intervals">): [string, number][] {
  const made = Object.values(runs).reduce((sum, n) => sum + n, 0);
  const total = Math.max(intervals, made, 1);
  const order = ["success", "skipped", "cancelled", "failed", "held", "running", "queued"];
  const place = (state: string) => order.indexOf(state) + 1 || order.length + 1;
  return Object.entries(runs)
    .filter(([, n]) => n > 0)
    .sort(([a], [b]) => place(a) - place(b))
    .map(([state, n]) => [state, n / total]);
}
