/**
 * Where an interval stands in a grid of slots. Pure.
 *
 * Days stand in rows of months, hours in rows of days, minutes in rows of hours, months in rows of years: what is under
 * one another is comparable, so a failing first of the month is a column.
 */

/** Pixels: of a row, of a column, of the names of rows. */
export const LINE = 20;
export const CELL = 20;
export const NAMES = 104;

export interface SlotRow {
  readonly label: string;
  /** Index of its first slot. */
  readonly first: number;
  /** The column of each of its slots. */
  readonly columns: readonly number[];
}

export interface SlotLayout {
  readonly rows: readonly SlotRow[];
  readonly width: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** An instant of a key as if its wall clock were UTC: only for distances between keys. */
function wall(key: string): number {
  return Date.parse(key.length > 10 ? `${key.slice(0, 16)}Z` : `${key}T00:00Z`);
}

/** The commonest distance, near enough: the smallest of the first hundred. */
export function stepOf(keys: readonly string[]): number {
  let step = Number.POSITIVE_INFINITY;
  for (let at = 1; at < Math.min(keys.length, 100); at += 1) {
    const distance = wall(keys[at] ?? "") - wall(keys[at - 1] ?? "");
    if (distance > 0) step = Math.min(step, distance);
  }
  return Number.isFinite(step) ? step : (keys[0]?.length ?? 10) > 10 ? HOUR : DAY;
}

/** The row that a key belongs to, and its natural column in it. */
function placeOf(key: string, step: number): [string, number] {
  const day = Number(key.slice(8, 10));
  const month = Number(key.slice(5, 7));
  if (step >= 27 * DAY) return [key.slice(0, 4), month - 1];
  if (step >= 7 * DAY) return [key.slice(0, 4), Math.floor(((month - 1) * 30.44 + day - 1) / 7)];
  if (step >= DAY) return [key.slice(0, 7), day - 1];
  const hour = Number(key.slice(11, 13));
  if (step >= HOUR) return [key.slice(0, 10), hour];
  return [key.slice(0, 13).replace("T", " "), Math.floor((Number(key.slice(14, 16)) * MINUTE) / step)];
}

/** Rows and columns of keys in ascending order. An hour that comes twice (end of summer time) stands beside itself. */
export function layOut(keys: readonly string[]): SlotLayout {
  const step = stepOf(keys);
  const rows: { label: string; first: number; columns: number[] }[] = [];
  let width = 1;
  keys.forEach((key, index) => {
    const [label, natural] = placeOf(key, step);
    let row = rows.at(-1);
    if (!row || row.label !== label) {
      row = { label, first: index, columns: [] };
      rows.push(row);
    }
    const column = Math.max(natural, (row.columns.at(-1) ?? -1) + 1);
    row.columns.push(column);
    width = Math.max(width, column + 1);
  });
  const free = Math.min(width - 1, ...rows.map((row) => row.columns[0] ?? 0)); // columns that no row uses, at the left
  for (const row of rows) row.columns = row.columns.map((column) => column - free);
  return { rows, width: width - free };
}

/** Index of the row that holds a slot. */
export function rowOf(layout: SlotLayout, index: number): number {
  let low = 0;
  let high = layout.rows.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((layout.rows[middle]?.first ?? 0) <= index) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The slot at a point of the grid; null: none is there. */
export function indexAt(layout: SlotLayout, x: number, y: number): number | null {
  const row = layout.rows[Math.floor(y / LINE)];
  const place = row ? row.columns.indexOf(Math.floor((x - NAMES) / CELL)) : -1;
  return row && place >= 0 ? row.first + place : null;
}

/** The slot that a key of the keyboard leads to from another; null: none of its business. */
export function step(layout: SlotLayout, index: number, key: string): number | null {
  const last = layout.rows.reduce((most, row) => Math.max(most, row.first + row.columns.length - 1), 0);
  const within = (wanted: number) => Math.max(0, Math.min(last, wanted));
  switch (key) {
    case "ArrowLeft":
      return within(index - 1);
    case "ArrowRight":
      return within(index + 1);
    case "ArrowUp":
      return below(layout, index, -1);
    case "ArrowDown":
      return below(layout, index, 1);
    case "PageUp":
      return below(layout, index, -12);
    case "PageDown":
      return below(layout, index, 12);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
}

/** The slot under another by so many rows, or the nearest one in its row. */
function below(layout: SlotLayout, index: number, by: number): number {
  const from = rowOf(layout, index);
  const to = Math.max(0, Math.min(layout.rows.length - 1, from + by));
  const start = layout.rows[from];
  const end = layout.rows[to];
  if (!start || !end || from === to) return index;
  const column = start.columns[index - start.first] ?? 0;
  let best = 0;
  end.columns.forEach((one, at) => {
    if (Math.abs(one - column) < Math.abs((end.columns[best] ?? 0) - column)) best = at;
  });
  return end.first + best;
}

/** What has ended waits for nothing: an interval that got no run was left out. */
export function shown<T extends { state: string }>(slots: readonly T[], ended: boolean): readonly T[] {
  if (!ended) return slots;
  return slots.map((slot) => (slot.state === "waiting" ? { ...slot, state: "left_out" } : slot));
}

/** How many slots stand in each state. */
export function tally(slots: readonly { state: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state } of slots) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}
