/** The states that lie over a graph: from an answer, and then from every event, task by task. Pure. */
import type { Event, GraphPage, Node } from "~/api/schema";

/** How one box stands. The same object as before where nothing has changed. */
export interface Status {
  readonly state: string;
  /** Of a mapped task its items, of a group its tasks; nothing for a plain task. */
  readonly counts?: Readonly<Record<string, number>>;
  readonly seconds: number | null;
  /** When it began, as long as it runs: milliseconds since 1970. */
  readonly started?: number;
  readonly blast: boolean;
  readonly why: string;
}

export const BLANK: Status = { state: "", seconds: null, blast: false, why: "" };

/** What the first of is shown where many stand differently: as the server has it (`main_state`). */
const WORST = [
  "failed",
  "held",
  "up_for_retry",
  "running",
  "queued",
  "deferred",
  "pending",
  "upstream_failed",
  "cancelled",
  "success",
  "skipped",
];
const ENDED = new Set(["success", "failed", "skipped", "cancelled", "upstream_failed"]);

export function worstOf(counts: Readonly<Record<string, number>>): string {
  return WORST.find((state) => (counts[state] ?? 0) > 0) ?? "";
}

function statusOf(node: Node): Status {
  const { state, blast, why } = node;
  return {
    state,
    blast,
    why,
    seconds: node.seconds ?? null,
    ...(node.started_at && { started: Date.parse(node.started_at) }),
    ...(node.mapped && Object.keys(node.counts ?? {}).length ? { counts: node.counts } : {}),
  };
}

/** What a group's tasks are together. */
export function together(some: Iterable<Status>): Status {
  const counts: Record<string, number> = {};
  let blast = false;
  for (const status of some) {
    if (status.state) counts[status.state] = (counts[status.state] ?? 0) + 1;
    blast ||= status.blast;
  }
  return Object.keys(counts).length ? { ...BLANK, state: worstOf(counts), counts, blast } : BLANK;
}

/** One event over a status. An event tells of one task, or of one item of a mapped task. */
export function moved(status: Status, event: Event, started: number | undefined): Status {
  const state = event.new ?? status.state;
  if (event.map_index != null && !status.counts) return status; // the answer that is coming knows how many there are
  if (event.map_index != null && status.counts) {
    const counts: Record<string, number> = { ...status.counts, [state]: (status.counts[state] ?? 0) + 1 };
    if (event.old) counts[event.old] = Math.max(0, (counts[event.old] ?? 0) - 1);
    const worst = worstOf(counts);
    return {
      ...status,
      counts,
      state: worst,
      why: worst === state ? event.why : worst === status.state ? status.why : "",
    };
  }
  const took = started !== undefined && ENDED.has(state) ? (Date.parse(event.at) - started) / 1000 : null;
  return {
    state,
    why: event.why,
    blast: status.blast && !ENDED.has(state),
    seconds: took,
    ...(state === "running" && started !== undefined && { started }),
  };
}

/** What an answer knows better than an event that came after it was asked for. */
function patched(last: Status, answer: Status): Status {
  return { ...last, blast: answer.blast, seconds: last.counts ? answer.seconds : last.seconds };
}

/** The states of all tasks of one run, kept true between two answers. */
export class Overlay {
  readonly of = new Map<string, Status>();
  /** The time up to which what runs has lasted; 0: not known yet. */
  now = 0;
  /** Tasks that have moved since the question was asked that is out now: its answer may be older than they are. */
  #newer: Set<string> | undefined;
  readonly #started = new Map<string, number>();

  constructor(page?: GraphPage) {
    if (page) this.answer(page);
  }

  get(task: string): Status {
    return this.of.get(task) ?? BLANK;
  }

  /** How long something took, or has run so far. */
  lasting({ state, started, seconds }: Status): number | null {
    if (state !== "running" || started === undefined || !this.now) return seconds;
    return Math.max(0, this.now - started) / 1000;
  }

  /** A question goes out. */
  asking() {
    this.#newer = new Set();
  }

  /** An answer comes: the ids of the tasks that it changes. */
  answer(page: GraphPage): string[] {
    const changed: string[] = [];
    for (const node of page.nodes) {
      const last = this.of.get(node.id);
      const answer = statusOf(node);
      const next = last && this.#newer?.has(node.id) ? patched(last, answer) : answer;
      if (same(last, next)) continue;
      this.of.set(node.id, next);
      if (next.started !== undefined) this.#started.set(node.id, next.started);
      changed.push(node.id);
    }
    this.#newer = undefined;
    return changed;
  }

  /** An event of this run comes: the id of the task that it changes. */
  event(event: Event): string | undefined {
    const task = event.task ?? "";
    const last = this.of.get(task);
    if (event.kind !== "task" || !last || !event.new) return undefined;
    if (event.new === "running") this.#started.set(task, Date.parse(event.at));
    this.#newer?.add(task);
    const next = moved(last, event, this.#started.get(task));
    if (ENDED.has(event.new)) this.#started.delete(task);
    if (same(last, next)) return undefined;
    this.of.set(task, next);
    return task;
  }
}

function same(a: Status | undefined, b: Status): boolean {
  if (!a || a.state !== b.state || a.seconds !== b.seconds || a.started !== b.started) return false;
  if (a.blast !== b.blast || a.why !== b.why) return false;
  const states = new Set([...Object.keys(a.counts ?? {}), ...Object.keys(b.counts ?? {})]);
  return [...states].every((state) => (a.counts?.[state] ?? 0) === (b.counts?.[state] ?? 0));
}
