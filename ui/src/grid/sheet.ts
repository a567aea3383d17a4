/** What a grid shows: tasks as rows, runs as columns, the oldest first; put together from pages. Pure. */
import type { Grid, GridColumn, GridRow } from "~/api/schema";

export interface Sheet {
  readonly rows: readonly GridRow[];
  /** The oldest first. */
  readonly columns: readonly Column[];
  readonly letters: Readonly<Record<string, string>>;
}

/** A run, and where the state of each row stands in it. */
export interface Column extends Omit<GridColumn, "items"> {
  readonly codes: string;
  readonly items: ReadonlyMap<number, Readonly<Record<string, number>>>;
}

export const NO_TASK = ".";

export const EMPTY: Sheet = { rows: [], columns: [], letters: {} };

/** The columns of a page follow its own rows; here they follow the rows of the sheet. Behind the last code is no task. */
function fitted(page: Grid, rows: readonly GridRow[]): Column[] {
  const own = page.rows ?? [];
  const same = own.every((row, at) => rows[at]?.task_id === row.task_id);
  const place = same ? null : new Map(own.map((row, at) => [row.task_id, at]));
  const from = place && rows.map((row) => place.get(row.task_id));
  const to = place && new Map(rows.map((row, at) => [row.task_id, at]));
  return (page.columns ?? []).map((column) => {
    const items = (column.items ?? []) as [number, Record<string, number>][];
    if (!from || !to) return { ...column, items: new Map(items) };
    return {
      ...column,
      codes: from.map((at) => (at === undefined ? NO_TASK : (column.codes[at] ?? NO_TASK))).join(""),
      items: new Map(items.map(([at, counts]) => [to.get(own[at]?.task_id ?? "") ?? -1, counts])),
    };
  });
}

/** The rows of the newest page; behind them those that only older runs have. */
function united(pages: readonly Grid[]): GridRow[] {
  const known = new Map<string, GridRow>();
  for (const page of pages) for (const row of page.rows ?? []) if (!known.has(row.task_id)) known.set(row.task_id, row);
  return [...known.values()];
}

/** One sheet of pages, the newest page first. A run that is in two of them is taken from the newer. */
export function sheetOf(pages: readonly Grid[]): Sheet {
  const [newest] = pages;
  if (!newest) return EMPTY;
  const rows = united(pages);
  const columns = new Map<number, Column>();
  for (const page of pages)
    for (const column of fitted(page, rows)) if (!columns.has(column.number)) columns.set(column.number, column);
  return { rows, letters: newest.letters, columns: [...columns.values()].sort((a, b) => a.number - b.number) };
}

/**
 * The first page has come anew: what runs have left it goes into `strays`, so that nothing falls between it and the
 * older pages. Where it no longer reaches what was there before, there is a gap, and everything starts again (null).
 */
export function afterNews(before: Grid, now: Grid, strays: Grid | null): { strays: Grid | null } | null {
  const numbers = (page: Grid) => (page.columns ?? []).map((column) => column.number);
  const [had, has] = [numbers(before), numbers(now)];
  const oldest = Math.min(...has);
  if (had.length && now.next != null && Math.max(...had) < oldest) return null;
  const left = (before.columns ?? []).filter((column) => column.number < oldest);
  if (!left.length || now.next == null) return { strays };
  // Two pages may differ in their rows, so they are put together as a sheet is.
  const rows = united([before, ...(strays ? [strays] : [])]);
  const columns = [...fitted({ ...before, columns: left }, rows), ...(strays ? fitted(strays, rows) : [])];
  return { strays: { ...before, rows, columns: columns.map((one) => ({ ...one, items: [...one.items] })) } };
}

/** Of all columns those that fit. */
export function chosen(columns: readonly Column[], state: string, kind: string): readonly Column[] {
  if (!state && !kind) return columns;
  return columns.filter((one) => (!state || one.state === state) && (!kind || one.kind === kind));
}

/** Columns by what they stand for, as their stamps tell; runs of one interval in the order in which they were made. */
export function byInterval(columns: readonly Column[], stamp: (column: Column) => string): readonly Column[] {
  const stamps = new Map(columns.map((one) => [one, stamp(one)]));
  const of = (one: Column) => stamps.get(one) ?? "";
  return [...columns].sort((a, b) => (of(a) < of(b) ? -1 : of(a) > of(b) ? 1 : a.number - b.number));
}

/** The day and minute that a column stands for, in the DAG's zone: of its interval, else of its beginning. */
export function stampOf(column: Pick<Column, "key" | "created_at">, local: (at: string) => string): string {
  const found = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}))?/.exec(column.key);
  return found ? `${found[1]} ${found[2] ?? "00:00"}` : local(column.created_at);
}
