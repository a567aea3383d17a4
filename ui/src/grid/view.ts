/** Which cells are in view, which lies under a point, and how far to scroll. Pure; all lengths in pixels. */

export interface Place {
  /** The line; -1: the run itself, above all lines. */
  readonly line: number;
  /** The column, the oldest is 0. */
  readonly column: number;
}

export interface View {
  /** Widths and heights: of the names at the left, of the strip of runs above, of a cell. */
  readonly names: number;
  readonly strip: number;
  readonly wide: number;
  readonly high: number;
  /** What there is. */
  readonly lines: number;
  readonly columns: number;
  /** How large the window is, the names and the strip included. */
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
}

export interface Span {
  readonly first: number;
  /** The first one that is not in it. */
  readonly stop: number;
}

function span(from: number, size: number, one: number, count: number): Span {
  const first = Math.min(Math.max(Math.floor(from / one), 0), count);
  return { first, stop: Math.max(first, Math.min(Math.ceil((from + Math.max(size, 0)) / one), count)) };
}

/** The lines in view. */
export function linesIn(view: View, spare = 0): Span {
  return span(view.top - spare * view.high, view.height - view.strip + 2 * spare * view.high, view.high, view.lines);
}

/** The columns in view. */
export function columnsIn(view: View, spare = 0): Span {
  return span(view.left - spare * view.wide, view.width - view.names + 2 * spare * view.wide, view.wide, view.columns);
}

/** How large everything is together. */
export function wholeOf(view: View): { width: number; height: number } {
  return { width: view.names + view.columns * view.wide, height: view.strip + view.lines * view.high };
}

/** What lies under a point of the window, null for nothing. */
export function placeAt(view: View, x: number, y: number): Place | null {
  if (x < view.names || x >= view.width || y < 0 || y >= view.height) return null;
  const column = Math.floor((x - view.names + view.left) / view.wide);
  const line = y < view.strip ? -1 : Math.floor((y - view.strip + view.top) / view.high);
  return column < view.columns && line < view.lines ? { line, column } : null;
}

/** Where a cell lies in the window. */
export function boxOf(view: View, { line, column }: Place): { x: number; y: number; width: number; height: number } {
  return {
    x: view.names + column * view.wide - view.left,
    y: line < 0 ? 0 : view.strip + line * view.high - view.top,
    width: view.wide,
    height: line < 0 ? view.strip : view.high,
  };
}

function nearest(at: number, size: number, from: number, room: number): number {
  if (at < from) return at;
  return at + size > from + room ? at + size - room : from;
}

/** The shortest scroll that brings a cell into view, with one cell to spare. */
export function reveal(view: View, { line, column }: Place): { left: number; top: number } {
  const most = { left: view.columns * view.wide - (view.width - view.names), top: wholeOf(view).height - view.height };
  const left = nearest((column - 1) * view.wide, 3 * view.wide, view.left, view.width - view.names);
  const top = line < 0 ? view.top : nearest((line - 1) * view.high, 3 * view.high, view.top, view.height - view.strip);
  return { left: Math.max(0, Math.min(left, most.left)), top: Math.max(0, Math.min(top, most.top)) };
}

/** How many runs have come before and behind the first one that is seen. */
export function arrived(before: readonly number[], now: readonly number[], seen: number) {
  const had = new Set(before);
  const place = now.indexOf(before[seen] ?? Number.NaN);
  let [older, newer] = [0, 0];
  now.forEach((run, at) => {
    if (had.has(run)) return;
    if (at < place) older += 1;
    else newer += 1;
  });
  return { older, newer };
}

/**
 * Where to scroll when columns have come: older ones push what is shown to the right, newer ones do not move it unless
 * one was looking at the newest.
 */
export function leftAfter(view: View, older: number, newer: number): number {
  const room = view.width - view.names;
  const before = (view.columns - older - newer) * view.wide - room;
  const most = Math.max(0, view.columns * view.wide - room);
  if (before <= 0 || view.left >= before - view.wide / 2) return most;
  return Math.min(view.left + older * view.wide, most);
}

/** Where a key goes; null for a key that goes nowhere. */
export function step(at: Place, key: string, view: View): Place | null {
  const page = Math.max(1, Math.floor((view.height - view.strip) / view.high) - 1);
  const moves: Record<string, [number, number]> = {
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    PageUp: [-page, 0],
    PageDown: [page, 0],
    Home: [0, -view.columns],
    End: [0, view.columns],
  };
  const move = moves[key];
  if (!move) return null;
  return fitting({ line: at.line + move[0], column: at.column + move[1] }, view);
}

/** The place itself, or the nearest there is. */
export function fitting(at: Place, view: Pick<View, "lines" | "columns">): Place {
  return {
    line: Math.max(-1, Math.min(at.line, view.lines - 1)),
    column: Math.max(0, Math.min(at.column, view.columns - 1)),
  };
}
