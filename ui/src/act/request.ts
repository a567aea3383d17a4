/** From an act and the answers of its dialog to a request of the API. Pure. */
import type {
  AgainBackfills,
  CancelRuns,
  MarkRuns,
  NewBackfill,
  PauseClocks,
  RejectRuns,
  ReleaseRuns,
  RerunRuns,
  RetryRuns,
  RunPlan,
  SilenceAlerts,
  TriggerDags,
  UnpauseClocks,
} from "~/api/schema";
import type { Act } from "./act";
import { type Answers, labels, needsReason } from "./answers";
import type { Plan } from "./size";

export type Values = Readonly<Record<string, unknown>>;

type Body =
  | Partial<RetryRuns>
  | Partial<RerunRuns>
  | Partial<CancelRuns>
  | Partial<MarkRuns>
  | Partial<ReleaseRuns>
  | Partial<RejectRuns>
  | Partial<TriggerDags>
  | Partial<PauseClocks>
  | Partial<UnpauseClocks>
  | Partial<NewBackfill>
  | Partial<AgainBackfills>
  | Partial<SilenceAlerts>;

export interface Request {
  readonly path: string;
  /** For the path of it. */
  readonly dag?: string;
  readonly body: Body;
}

/** The request that does it; `params`: the values of the form, by name. */
export function requestOf(act: Act, answers: Answers, params: Values = {}): Request {
  const reason = answers.reason.trim();
  switch (act.act) {
    case "backfill":
      return { path: "/api/v1/dags/{dag}/backfills", dag: act.dag, body: { ...backfillOf(answers), params, reason } };
    case "silence":
      return { path: "/api/v1/alerts/silence", body: { select: act.select, until: answers.until.trim(), reason } };
    case "trigger":
    case "pause":
    case "unpause":
      return { path: `/api/v1/dags/${act.act}`, body: { ...act.of, ...ofDags(act.act, answers, params) } as Body };
    case "retry":
    case "rerun":
    case "cancel":
    case "mark":
    case "release":
    case "reject":
      return { path: `/api/v1/runs/${act.act}`, body: { ...act.of, ...ofRuns(act.act, answers) } as Body };
    case "backfills.resume":
    case "backfills.again":
      return { path: pathOfBackfills(act.act), body: { ...act.of, newest: answers.newest } as Body };
    default:
      return { path: pathOfBackfills(act.act), body: { ...act.of } as Body };
  }
}

function pathOfBackfills(act: string): string {
  return `/api/v1/${act.replace(".", "/")}`;
}

function backfillOf(answers: Answers): Partial<NewBackfill> {
  const { range, order, cap, slots } = answers;
  return { range: range.trim(), order, cap: Number(cap), only: [...slots] };
}

function ofDags(act: "trigger" | "pause" | "unpause", answers: Answers, params: Values): Body {
  const reason = answers.reason.trim();
  if (act === "unpause") return { run: answers.catchUp };
  if (act === "pause") return { hard: answers.hard, until: answers.until.trim() || null, reason };
  const date = answers.date.trim();
  return {
    ...(answers.when === "date" ? { date } : answers.when === "interval" ? { interval: date } : {}),
    params: { ...params },
    replace: answers.replace,
    reason,
  };
}

function ofRuns(act: "retry" | "rerun" | "cancel" | "mark" | "release" | "reject", answers: Answers): Body {
  const reason = answers.reason.trim();
  const tasks = labels(answers.tasks);
  const task = answers.task.trim();
  switch (act) {
    case "retry":
      return { tasks, only: answers.only && tasks.length > 0, force: answers.force };
    case "rerun":
      return {
        failed: answers.mode === "failed",
        tasks: answers.mode === "tasks" ? tasks : [],
        replace: answers.replace,
      };
    case "cancel":
      return { now: answers.now };
    case "mark":
      return { task, state: answers.state, reason };
    case "release":
      return { task: task || null, from_now_on: answers.fromNowOn, reason };
    case "reject":
      return { task: task || null, reason };
  }
}

/** The request that asks for the plan. A reason changes none: it is not asked again while somebody writes one. */
export function planOf(act: Act, answers: Answers, params: Values = {}): Request {
  return requestOf(act, { ...answers, reason: needsReason(act) ? "a plan" : "" }, params);
}

/**
 * The request about exactly what the plan has named: what has come to fit a filter since then is not touched.
 *
 * A plan names a thousand runs; of more than that the filter is what is asked for.
 */
export function pinned(act: Act, request: Request, plan: Plan): Request {
  if (!("select" in request.body) || !("of" in act)) return request;
  const { select: _, ...body } = request.body as { select: unknown };
  if ("runs" in plan) return plan.total === plan.runs.length ? named(request, body, plan) : request;
  if ((act.act === "pause" || act.act === "unpause") && "objects" in plan)
    return { ...request, body: { ...body, dags: plan.objects } as Body };
  return request;
}

function named(request: Request, body: object, plan: RunPlan): Request {
  return { ...request, body: { ...body, runs: plan.runs } as Body };
}
