/** The command-line twin of an act: what somebody would type for it. Pure. */
import type { SelectRuns } from "~/api/schema";
import type { Act, Runs } from "./act";
import { type Answers, labels } from "./answers";
import type { Values } from "./request";

const MOST = 20;

/** Commands, one a line; "" where the command line has none. `secrets`: params that are asked for, never written. */
export function commandOf(act: Act, answers: Answers, params: Values = {}, secrets: readonly string[] = []): string {
  const lines = linesOf(act, answers, [...paramsOf(params, secrets)]).map((line) => `segue ${line}`);
  return [...lines.slice(0, MOST), ...(lines.length > MOST ? [`# and ${lines.length - MOST} more`] : [])].join("\n");
}

function linesOf(act: Act, answers: Answers, params: string[]): string[] {
  switch (act.act) {
    case "retry":
    case "rerun":
    case "cancel":
    case "mark":
    case "release":
    case "reject":
      return ofRuns(act.act, act.of, answers);
    case "trigger":
      return "dags" in act.of ? act.of.dags.map((dag) => join("trigger", dag, ...triggerOf(answers), ...params)) : [];
    case "pause":
      return [
        join(
          "pause",
          ...dagsOf(act.of),
          ...given("until", answers.until),
          ...tick("hard", answers.hard),
          ...reason(answers),
        ),
      ];
    case "unpause":
      return [join("unpause", ...dagsOf(act.of), ...given("run", answers.catchUp))];
    case "backfill":
      return [join("backfill", act.dag || "DAG", ...backfillOf(answers), ...params, ...reason(answers))];
    case "silence":
      return [join("alerts", "silence", act.select, ...given("until", answers.until), ...reason(answers))];
    default:
      return "backfills" in act.of
        ? act.of.backfills.map((id) => moveOf(act.act.slice("backfills.".length), id, answers))
        : [];
  }
}

function ofRuns(
  act: "retry" | "rerun" | "cancel" | "mark" | "release" | "reject",
  of: Runs,
  answers: Answers,
): string[] {
  const [words, options] = wordsOf(act, answers);
  if ("runs" in of) return of.runs.map((run) => join(act, run, ...words, ...options));
  const { kinds, until, owner, backfill } = of.select;
  if (kinds?.length || until || owner || backfill) return []; // the command line selects by less
  return [join(act, ...words, ...selectionOf(of.select), ...options)];
}

/** What stands behind the run, and the options. */
function wordsOf(act: string, answers: Answers): [words: string[], options: string[]] {
  const tasks = labels(answers.tasks);
  const task = answers.task.trim() ? [answers.task.trim()] : [];
  switch (act) {
    case "retry":
      return [tasks, [...tick("only", answers.only && tasks.length > 0), ...tick("force", answers.force)]];
    case "rerun":
      return [
        [],
        [
          ...tick("failed", answers.mode === "failed"),
          ...(answers.mode === "tasks" ? tasks.flatMap((one) => ["--from", one]) : []),
          ...tick("replace", answers.replace),
        ],
      ];
    case "cancel":
      return [[], tick("now", answers.now)];
    case "mark":
      return [[...task, answers.state], reason(answers)];
    case "release":
      return [task, [...tick("from-now-on", answers.fromNowOn), ...reason(answers)]];
    default:
      return [task, reason(answers)];
  }
}

function selectionOf(select: Partial<SelectRuns>): string[] {
  return [
    ...given("dag", select.dag),
    ...(select.states ?? []).flatMap((state) => ["--state", state]),
    ...given("since", select.since),
    ...given("tag", select.tag),
    ...given("error", select.error),
  ];
}

function dagsOf(of: { dags: string[] } | { select: string }): string[] {
  return "dags" in of ? of.dags : [of.select];
}

function triggerOf(answers: Answers): string[] {
  const when = answers.when === "newest" ? [] : given(answers.when, answers.date);
  return [...when, ...tick("replace", answers.replace), ...reason(answers)];
}

function backfillOf({ range, order, cap, slots }: Answers): string[] {
  return [
    range.trim() || "A..B",
    ...(order === "oldest" ? [] : ["--order", order]),
    ...(cap === "4" ? [] : ["--cap", cap]),
    ...(slots.join() === "missing" ? [] : ["--only", slots.join()]),
  ];
}

function moveOf(verb: string, id: string, answers: Answers): string {
  const newest = answers.newest && (verb === "again" || verb === "resume");
  return join("backfills", verb === "again" ? "retry" : verb, id, ...(newest ? ["--code", "newest"] : []));
}

function* paramsOf(params: Values, secrets: readonly string[]): Generator<string> {
  for (const [name, value] of Object.entries(params)) {
    yield "--param";
    yield `${name}=${secrets.includes(name) ? "-" : typeof value === "string" ? value : JSON.stringify(value)}`;
  }
}

function reason({ reason: text }: Answers): string[] {
  return given("reason", text);
}

function given(name: string, value: string | null | undefined): string[] {
  return value?.trim() ? [`--${name}`, value.trim()] : [];
}

function tick(name: string, on: boolean): string[] {
  return on ? [`--${name}`] : [];
}

function join(...words: string[]): string {
  return words.filter(Boolean).map(quoted).join(" ");
}

/** A word as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
