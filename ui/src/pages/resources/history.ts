/** Figures over time as charts want them: columns, ticks, and a sentence for who does not see them. Pure. */
import type { ResourcePoint } from "~/api/schema";
import { hour, moment } from "~/ui/time";
import { bytes, count, length, many } from "~/ui/words";

export const HOURS = [1, 6, 24, 72, 168] as const;

type Figure = Exclude<keyof ResourcePoint, "at">;

export interface Line {
  readonly figure: Figure;
  readonly label: string;
  /** The token of its colour. */
  readonly token: string;
  /** Broken, so that it is told from its neighbour by more than its colour. */
  readonly dashed?: boolean;
}

export interface Plot {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly show: (value: number | null | undefined) => string;
  /** What lies between two marks of its axis, at least. */
  readonly steps?: number[];
  /** Its height is at least so much. */
  readonly least?: number;
  /** What stands there as long as all of it is nothing. */
  readonly none: string;
}

/** Averages over a step: a whole number, or one digit more where they are small. */
const some = (value: number | null | undefined) =>
  value == null ? "–" : value < 10 ? `${Number(value.toPrecision(2))}` : count(value);
const cores = (value: number | null | undefined) => (value == null ? "–" : `${Number(value.toPrecision(2))} cores`);

const WHOLE = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((power) => [1, 2, 5].map((one) => one * 10 ** power));
const BINARY = Array.from({ length: 30 }, (_, power) => 2 ** (power + 10));

export const PLOTS: readonly Plot[] = [
  {
    title: "Busy workers",
    lines: [{ figure: "busy", label: "busy", token: "running" }],
    show: some,
    steps: WHOLE,
    none: "No worker was busy in this time.",
  },
  {
    title: "Queue",
    lines: [{ figure: "queued", label: "waiting", token: "queued" }],
    show: some,
    steps: WHOLE,
    least: 1,
    none: "Nothing waited for a worker in this time.",
  },
  {
    title: "Wait for a worker",
    lines: [
      { figure: "wait_p50_seconds", label: "half of them at most", token: "running" },
      { figure: "wait_p95_seconds", label: "95 of 100 at most", token: "retry", dashed: true },
    ],
    show: length,
    none: "Nothing began in this time.",
  },
  {
    title: "CPU",
    lines: [{ figure: "cpu", label: "of tasks", token: "deferred" }],
    show: cores,
    least: 0.1,
    none: "No task used a CPU in this time.",
  },
  {
    title: "Memory",
    lines: [{ figure: "memory", label: "of tasks, at their peaks", token: "success" }],
    show: bytes,
    steps: BINARY,
    none: "No task ran in this time.",
  },
];

export type Columns = [number[], ...(number | null)[][]];

/** Seconds first, then a column a line. */
export function columnsOf(points: readonly ResourcePoint[], lines: readonly Line[]): Columns {
  return [
    points.map((point) => Date.parse(point.at) / 1000),
    ...lines.map((line) => points.map((point) => point[line.figure])),
  ];
}

/** Whether there is anything to draw. */
export function isEmpty(columns: Columns): boolean {
  return columns.slice(1).every((column) => column.every((value) => !value));
}

/** `Queue: waiting now 0, at most 12`. */
export function said(plot: Plot, columns: Columns): string {
  const parts = plot.lines.map((line, at) => {
    const values = (columns[at + 1] ?? []).filter((value): value is number => value !== null);
    const last = plot.show(values.at(-1));
    return `${line.label} now ${last}, at most ${plot.show(values.length ? Math.max(...values) : null)}`;
  });
  return `${plot.title}: ${parts.join("; ")}`;
}

/** The word under the axis: the hour, and the day where one begins. */
export function tick(seconds: number, zone: string): string {
  const time = hour(seconds * 1000, zone);
  return time === "00:00" ? moment(seconds * 1000, zone, "day").slice(5) : time;
}

/** `hour`, `24 hours`, `7 days`. */
export function ofWindow(seconds: number): string {
  const hours = Math.max(1, Math.round(seconds / 3600));
  const [n, one] = hours > 48 && hours % 24 === 0 ? [hours / 24, "day"] : [hours, "hour"];
  return n === 1 ? one : many(n, one);
}

/** A price to two digits that say something: `0.0038`, `12.50`. */
export function price(value: number): string {
  if (value === 0) return "0";
  if (value < 0.000_1) return "< 0.0001";
  return value < 0.1 ? value.toPrecision(2) : value.toFixed(2);
}
