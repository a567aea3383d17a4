/** The arithmetic of a Gantt chart: which rows, where each bar stands, where the axis has its marks. Pure. */
import type { Lane, Piece } from "~/api/schema";
import { label } from "~/ui/words";

/** Items of a mapped task above which they are one row until somebody opens it. */
export const FOLDED = 6;

export interface Bar {
  readonly waiting: boolean;
  readonly start: number; // milliseconds since 1970
  readonly end: number | null; // not yet
  readonly state: string;
  readonly attempt: number;
  readonly id: string; // of the attempt; "" of many together
}

export interface GanttRow {
  readonly label: string;
  readonly state: string;
  readonly bars: readonly Bar[];
  readonly critical: boolean;
  readonly inside: boolean; // an item of an opened row
  /** Of a row that stands for many items: how many, how many at once at most, whether they are shown below it. */
  readonly many?: { readonly items: number; readonly atOnce: number; readonly open: boolean };
}

/** One row a task or item, in the order in which they began; items of a task that has many are together. */
export function rowsOf(lanes: readonly Lane[], open: ReadonlySet<string>, critical: ReadonlySet<string>): GanttRow[] {
  const items = new Map<string, Lane[]>();
  for (const lane of lanes) {
    const some = items.get(lane.task_id);
    if (some) some.push(lane);
    else items.set(lane.task_id, [lane]);
  }
  const rows: GanttRow[] = [];
  for (const [task, some] of items) {
    const folds = some.length > FOLDED;
    if (folds) rows.push(together(task, some, open.has(task), critical));
    if (folds && !open.has(task)) continue;
    for (const lane of some) {
      const name = label(lane.task_id, lane.map_index);
      const bars = lane.pieces.map(barOf);
      rows.push({ label: name, state: lane.state, bars, critical: critical.has(name), inside: folds });
    }
  }
  return rows;
}

function barOf(piece: Piece): Bar {
  return {
    waiting: piece.what === "waiting",
    start: Date.parse(piece.start),
    end: piece.end === null ? null : Date.parse(piece.end),
    state: piece.state,
    attempt: piece.attempt,
    id: piece.attempt_id,
  };
}

const WORST = ["failed", "held", "up_for_retry", "running", "queued", "upstream_failed", "cancelled", "skipped"];

function together(task: string, lanes: readonly Lane[], open: boolean, critical: ReadonlySet<string>): GanttRow {
  const bars = lanes.flatMap((lane) => lane.pieces.map(barOf));
  const running = bars.filter((bar) => !bar.waiting);
  const states = new Set(lanes.map((lane) => lane.state));
  return {
    label: task,
    state: WORST.find((state) => states.has(state)) ?? lanes[0]?.state ?? "",
    bars: [...merged(bars.filter((bar) => bar.waiting)), ...merged(running)],
    critical: lanes.some((lane) => critical.has(label(task, lane.map_index))),
    inside: false,
    many: { items: lanes.length, atOnce: atOnce(running), open },
  };
}

/** Stretches in which at least one of the bars is. */
export function merged(bars: readonly Bar[]): Bar[] {
  const found: Bar[] = [];
  for (const bar of [...bars].sort((a, b) => a.start - b.start)) {
    const last = found.at(-1);
    if (last && (last.end === null || bar.start <= last.end))
      found[found.length - 1] = { ...last, end: later(last.end, bar.end) };
    else found.push({ ...bar, id: "", attempt: 0, state: bar.end === null ? bar.state : "" });
  }
  return found;
}

function later(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : Math.max(one, other);
}

/** How many of the bars lie over each other where most do. */
export function atOnce(bars: readonly Bar[]): number {
  const edges = bars.flatMap((bar): [number, number][] => [
    [bar.start, 1],
    [bar.end ?? Number.POSITIVE_INFINITY, -1],
  ]);
  edges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let most = 0;
  let now = 0;
  for (const [, step] of edges) {
    now += step;
    most = Math.max(most, now);
  }
  return most;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** From the first bar to the last, to the present where something still goes on. Never empty. */
export function spanOf(rows: readonly GanttRow[], now: number): Span {
  let start = Number.POSITIVE_INFINITY;
  let end = 0;
  for (const row of rows)
    for (const bar of row.bars) {
      start = Math.min(start, bar.start);
      end = Math.max(end, bar.end ?? now);
    }
  if (start > end) return { start: now, end: now + 1 };
  return { start, end: Math.max(end, start + 1) };
}

/** Where a bar stands on a plot, in pixels; what is shorter than two pixels is seen nevertheless. */
export function placeOf(bar: Bar, span: Span, width: number, now: number): { left: number; width: number } {
  const scale = width / (span.end - span.start);
  const left = (bar.start - span.start) * scale;
  return { left, width: Math.max(2, ((bar.end ?? now) - bar.start) * scale) };
}

const STEPS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
  14_400, 21_600, 43_200, 86_400,
];

/** Marks of the axis: seconds since the beginning, at round numbers, not nearer to each other than `apart` pixels. */
export function ticksOf(span: Span, width: number, apart = 90): number[] {
  const seconds = (span.end - span.start) / 1000;
  const least = (seconds * apart) / Math.max(1, width);
  const step = STEPS.find((one) => one >= least) ?? Math.ceil(least / 86_400) * 86_400;
  const count = Math.min(5_000, Math.floor(seconds / step));
  return Array.from({ length: count + 1 }, (_, n) => Math.round(n * step * 1000) / 1000);
}
