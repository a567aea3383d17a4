/** The acts that the audit knows, in words. Pure. */

/** Name of the act in the audit, and what a person calls it. */
export const ACTS = [
  ["TriggerRun", "trigger a run"],
  ["RetryRun", "retry a run"],
  ["RerunRun", "rerun a run"],
  ["CancelRun", "cancel a run"],
  ["MarkTask", "mark a task"],
  ["ReleaseTask", "release a held task"],
  ["RejectTask", "reject a held task"],
  ["PauseDags", "pause DAGs"],
  ["UnpauseDags", "unpause DAGs"],
  ["StartBackfill", "start a backfill"],
  ["MoveBackfill", "change a backfill"],
  ["Silence", "silence alerts"],
  ["SetPool", "set a pool"],
  ["SetSecret", "keep a secret or connection"],
  ["Deploy", "deploy"],
  ["Drain", "drain"],
] as const;

/** `TriggerRun` as `trigger a run`; an act that this page has not heard of by its own name. */
export function wordsOf(act: string): string {
  const known = ACTS.find(([name]) => name === act);
  return known?.[1] ?? act.replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
}

/** The backfill that a target names: `backfill 9`. */
export function backfillOf(target: string): string | undefined {
  return /^backfill (\d+)$/.exec(target)?.[1];
}

/** What was before and after, where it is known. */
export function moved(old: string | undefined, now: string | undefined): string {
  if (old && now) return `${old} → ${now}`;
  return now ? `→ ${now}` : old ? `${old} → nothing` : "";
}
