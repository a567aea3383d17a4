/** What the form of a new backfill asks for. Pure. */
import { begin } from "~/act/answers";
import { commandOf as commandOfAct } from "~/act/command";
import type { BackfillPlan, NewBackfill } from "~/api/schema";
import { count, length, many } from "~/ui/words";
import { endsOf } from "./ranges";
import { sentence } from "./telling";

export const ONLY = ["missing", "failed", "held", "stale"] as const;
export const ORDERS = ["oldest", "newest", "parallel"] as const;

export interface Wish {
  readonly dag: string;
  readonly range: string;
  readonly order: (typeof ORDERS)[number];
  readonly cap: string;
  readonly only: readonly string[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly reason: string;
}

/** The body of the request; null while it cannot be asked yet. */
export function bodyOf(wish: Wish, dry: boolean): NewBackfill | null {
  if (!wish.dag || !endsOf(wish.range) || wish.only.length === 0) return null;
  return {
    range: wish.range.trim(),
    order: wish.order,
    cap: Number(wish.cap) || 0,
    only: [...wish.only],
    params: wish.params,
    reason: dry ? "" : wish.reason, // the reason changes nothing of the plan: it is not to ask again for each letter
    dry_run: dry,
  };
}

/** States one more or one less; `all` is not asked for beside another. */
export function toggled(only: readonly string[], state: string): string[] {
  if (state === "all") return only.includes("all") ? ["missing"] : ["all"];
  const rest = only.filter((one) => one !== "all" && one !== state);
  return only.includes(state) ? rest : [...rest, state];
}

export type WishField = "dag" | "range" | "cap" | "only" | "reason" | "params";

/** The field that a refusal is about. */
export function fieldOf(detail: string): WishField {
  if (/^body\.cap/.test(detail)) return "cap";
  if (/^(--only|body\.only)/.test(detail)) return "only";
  if (/^(--reason|body\.reason|the reason)/.test(detail)) return "reason";
  if (/\bparams?\b/.test(detail)) return "params";
  if (/no schedule|no DAG|role/.test(detail)) return "dag";
  return "range";
}

/** What it would do, sentence by sentence; the first is the sum. */
export function told(plan: BackfillPlan): string[] {
  const lines: string[] = [];
  const n = plan.intervals.length;
  if (n === 0) lines.push("Nothing would run: no interval of this range is asked for.");
  else {
    const time = plan.seconds == null ? "" : `, in about ${length(plan.seconds)}`;
    lines.push(
      `${many(n, "interval")} of ${many(plan.tasks.length, "task")} would run, ${count(plan.cap)} at once${time}.`,
    );
    if (plan.verdict) lines.push(sentence(plan.verdict));
    if (plan.scheduled_work_may_wait > 0.05)
      lines.push(`Scheduled work may wait about ${length(plan.scheduled_work_may_wait)} for a worker meanwhile.`);
  }
  if (plan.not_complete)
    lines.push(`From ${plan.not_complete} on the intervals have not ended yet: they are left out.`);
  return lines;
}

/** The same by the command line; `secrets`: params that it asks for. */
export function commandOf(wish: Wish, secrets: readonly string[] = []): string {
  const act = { act: "backfill", dag: wish.dag || "DAG" } as const;
  const { order, cap, only, reason } = wish;
  const answers = { ...begin(act), range: wish.range.trim() || "A..B", order, cap, slots: only, reason };
  return commandOfAct(act, answers, wish.params, secrets);
}
