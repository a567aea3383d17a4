/** What the dialog of an act asks, and what it has been told. Pure. */
import type { Act, TaskEnd, Verb } from "./act";
import { endsOf } from "./ranges";

/** A question of the dialog. */
export type Question =
  | "dag"
  | "mode"
  | "tasks"
  | "only"
  | "force"
  | "replace"
  | "now"
  | "task"
  | "state"
  | "fromNowOn"
  | "when"
  | "params"
  | "until"
  | "hard"
  | "catchUp"
  | "range"
  | "order"
  | "cap"
  | "slots"
  | "newest"
  | "reason";

export interface Answers {
  /** Of a backfill. */
  readonly dag: string;
  /** Of a rerun: what runs anew. */
  readonly mode: "failed" | "tasks" | "all";
  /** Labels of tasks, as written: `clean, clean[3]`. */
  readonly tasks: string;
  readonly only: boolean;
  readonly force: boolean;
  readonly replace: boolean;
  readonly now: boolean;
  readonly task: string;
  readonly state: TaskEnd;
  readonly fromNowOn: boolean;
  /** Of a trigger: the newest complete interval, those that a date or a range names, or exactly `A..B`. */
  readonly when: "newest" | "date" | "interval";
  readonly date: string;
  /** Texts of params that somebody has touched, by name. */
  readonly params: Readonly<Record<string, string>>;
  readonly until: string;
  readonly hard: boolean;
  readonly catchUp: "" | "latest" | "missed";
  readonly range: string;
  readonly order: "oldest" | "newest" | "parallel";
  readonly cap: string;
  /** Of a backfill: what an interval may show. */
  readonly slots: readonly string[];
  readonly newest: boolean;
  readonly reason: string;
}

const BLANK: Answers = {
  dag: "",
  mode: "all",
  tasks: "",
  only: false,
  force: false,
  replace: false,
  now: false,
  task: "",
  state: "success",
  fromNowOn: false,
  when: "newest",
  date: "",
  params: {},
  until: "",
  hard: false,
  catchUp: "",
  range: "",
  order: "oldest",
  cap: "4",
  slots: ["missing"],
  newest: false,
  reason: "",
};

const QUESTIONS: Record<Verb, readonly Question[]> = {
  retry: ["tasks", "only", "force"],
  rerun: ["mode", "replace"],
  cancel: ["now"],
  mark: ["state", "reason"],
  release: ["fromNowOn", "reason"],
  reject: ["reason"],
  trigger: ["when", "params", "replace", "reason"],
  pause: ["until", "hard", "reason"],
  unpause: ["catchUp"],
  backfill: ["range", "slots", "order", "cap", "params", "reason"],
  "backfills.pause": [],
  "backfills.resume": ["newest"],
  "backfills.cancel": [],
  "backfills.again": ["newest"],
  silence: ["until", "reason"],
};

/** What the dialog begins with. */
export function begin(act: Act): Answers {
  switch (act.act) {
    case "retry":
      return { ...BLANK, tasks: words(act.tasks), only: act.only ?? false };
    case "rerun":
      return { ...BLANK, mode: act.tasks?.length ? "tasks" : act.failed ? "failed" : "all", tasks: words(act.tasks) };
    case "mark":
      return { ...BLANK, task: act.task, state: act.state ?? "success" };
    case "release":
      return { ...BLANK, task: act.task ?? "", fromNowOn: act.fromNowOn ?? false };
    case "reject":
      return { ...BLANK, task: act.task ?? "" };
    case "trigger":
      return { ...BLANK, when: act.date ? "date" : "newest", date: act.date ?? "" };
    case "backfill":
      return { ...BLANK, dag: act.dag, range: act.range ?? "", slots: act.only ?? BLANK.slots };
    default:
      return BLANK;
  }
}

/** What the dialog asks, in order. */
export function questionsOf(act: Act, answers: Answers): readonly Question[] {
  const asked = QUESTIONS[act.act];
  if (act.act === "mark" && !act.task) return ["task", ...asked];
  if (act.act === "backfill" && !act.dag) return ["dag", ...asked];
  if (act.act === "retry" && !answers.tasks) return asked.filter((one) => one !== "only");
  if (act.act === "rerun" && answers.mode === "tasks") return ["mode", "tasks", "replace"];
  return asked;
}

/** The act, with what the dialog has been told about what it is done to. */
export function meant(act: Act, { dag }: Answers): Act {
  return act.act === "backfill" ? { ...act, dag } : act;
}

const NEEDS_REASON: readonly Verb[] = ["mark", "release", "reject"];

export function needsReason(act: Act): boolean {
  return NEEDS_REASON.includes(act.act);
}

/** What is still to be said before the server can be asked for a plan; null: nothing. */
export function lacking(act: Act, answers: Answers): string | null {
  if (act.act === "mark" && !answers.task.trim()) return "Name the task.";
  if (act.act === "rerun" && answers.mode === "tasks" && !labels(answers.tasks).length) return "Name the tasks.";
  if (act.act === "trigger" && answers.when !== "newest" && !answers.date.trim()) return "Name the interval.";
  if (act.act === "backfill" && !answers.dag) return "Name the DAG.";
  if (act.act === "backfill" && !endsOf(answers.range)) return "Name the range of intervals.";
  if (act.act === "backfill" && !answers.slots.length) return "Say which intervals: tick at least one kind.";
  if (act.act === "backfill" && !/^\d+$/.test(answers.cap)) return "Say how many runs may go at once.";
  if (act.act === "silence" && !answers.until.trim()) return "Say until when.";
  return null;
}

/** Labels of tasks, as people write them: apart by blanks or commas. */
export function labels(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

function words(tasks: readonly string[] | undefined): string {
  return (tasks ?? []).join(", ");
}
