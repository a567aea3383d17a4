/** How much an act moves, and what is said of that. Pure. */
import type { BackfillPlan, ObjectPlan, Outcome, Refusal, RunPlan } from "~/api/schema";
import { verdictOf } from "~/pages/backfills/telling";
import { count, length, many } from "~/ui/words";
import type { Act, Verb } from "./act";

export type Plan = RunPlan | ObjectPlan | BackfillPlan;

/** From so many objects on a person has to say that all of them are meant. */
const SURE = 10;

/** How many objects a plan names. */
export function sizeOf(plan: Plan): number {
  if ("total" in plan) return plan.total;
  return "objects" in plan ? plan.objects.length : plan.intervals.length;
}

export function needsTick(plan: Plan): boolean {
  return !("intervals" in plan) && sizeOf(plan) > SURE; // a backfill is one thing, which can be paused
}

const VERBS: Record<Verb, string> = {
  retry: "Retry",
  rerun: "Rerun",
  cancel: "Cancel",
  mark: "Mark",
  release: "Release",
  reject: "Reject",
  trigger: "Trigger",
  pause: "Pause",
  unpause: "Unpause",
  backfill: "Backfill",
  "backfills.pause": "Pause",
  "backfills.resume": "Resume",
  "backfills.cancel": "Cancel",
  "backfills.again": "Retry what failed in",
  silence: "Silence",
};

/** `Retry orders@2026-11-01`, `Release load of 3 runs`, `Cancel every run that fits: dag orders_*`. */
export function titleOf(act: Act): string {
  const verb = VERBS[act.act];
  if (act.act === "backfill") return act.dag ? `${verb} ${act.dag}` : "New backfill";
  if (act.act === "silence") return `${verb} alerts about ${act.select}`;
  const subject = subjectOf(act.of);
  if (act.act === "rerun" && act.failed) return `${verb} what failed in ${subject} with the newest code`;
  return "task" in act && act.task ? `${verb} ${act.task} of ${subject}` : `${verb} ${subject}`;
}

type Objects = Extract<Act, { of: unknown }>["of"];

function subjectOf(of: Objects): string {
  if ("runs" in of) return some(of.runs, "run");
  if ("dags" in of) return some(of.dags, "DAG");
  if ("backfills" in of) {
    const [one, ...others] = of.backfills;
    return one && !others.length ? `backfill ${one}` : many(of.backfills.length, "backfill");
  }
  if (typeof of.select === "string") return `every DAG that fits ${of.select}`;
  return `all that fit: ${filterOf(of.select) || "everything"}`;
}

function some(names: readonly string[], what: string): string {
  const [one, ...others] = names;
  return one && !others.length ? one : many(names.length, what);
}

/** A filter in words: `dag orders_*, state failed or held, since 24h`. */
export function filterOf(select: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(select).flatMap(([name, value]) => {
    if (value == null || value === "" || (Array.isArray(value) && !value.length)) return [];
    const called = name === "states" ? "state" : name === "kinds" ? "kind" : name;
    return [`${called} ${Array.isArray(value) ? value.join(" or ") : String(value)}`];
  });
  return words.join(", ");
}

/** What stands on the button that does it: `Retry 3 runs`. */
export function confirmOf(act: Act, plan: Plan | undefined): string {
  const verb = act.act === "backfills.again" ? "Retry" : VERBS[act.act];
  if (!plan || act.act === "silence") return verb;
  const n = sizeOf(plan);
  if (act.act === "backfill") return `Run ${many(n, "interval")}`;
  if (act.act.startsWith("backfills.")) return verb;
  return `${verb} ${many(n, act.act === "trigger" || "total" in plan ? "run" : "DAG")}`;
}

/** Whether it ends or throws away something. */
export function isGrave(act: Act): boolean {
  return ["cancel", "reject", "backfills.cancel"].includes(act.act);
}

/** What is told of an outcome in one line: `3 done, 1 refused`. */
export function outcomeOf(outcome: Outcome): string {
  const { done, refused, pending } = outcome;
  const [one] = done;
  if (one && done.length === 1 && !refused.length && !pending.length) return sentence(one.text);
  const parts = [
    [done.length, "done"],
    [refused.length, "refused"],
    [pending.length, "not answered yet"],
  ].filter(([n]) => n);
  return parts.length ? `${parts.map((part) => part.join(" ")).join(", ")}.` : "There was nothing to do.";
}

/** A sentence of the server, which begins small. */
export function sentence(text: string): string {
  return text && !/[.?!]$/.test(text) ? `${text}.` : text;
}

/** What was refused, by its reason; the most frequent first. */
export function byReason(refused: readonly Refusal[]): [why: string, objects: string[]][] {
  const found = new Map<string, string[]>();
  for (const one of refused) found.set(one.why, [...(found.get(one.why) ?? []), one.object]);
  return [...found].sort(([, a], [, b]) => b.length - a.length);
}

/** What a backfill would do, sentence by sentence; the first is the sum. */
export function told({
  intervals,
  tasks,
  cap,
  seconds,
  verdict,
  scheduled_work_may_wait: wait,
  not_complete,
}: BackfillPlan): string[] {
  const lines: string[] = [];
  if (intervals.length === 0) lines.push("No interval of this range shows that: there is nothing to run.");
  else {
    const time = seconds == null ? "" : `, in about ${length(seconds)}`;
    lines.push(`${many(intervals.length, "interval")} of ${many(tasks.length, "task")}, ${count(cap)} at once${time}.`);
    if (verdict) lines.push(verdictOf(verdict));
    if (wait > 0.05) lines.push(`Scheduled work may wait about ${length(wait)} for a worker meanwhile.`);
  }
  if (not_complete) lines.push(`From ${not_complete} on the intervals have not ended yet: they are left out.`);
  return lines;
}
