/** Paints what is in view of a grid. Marks are drawn once each and then copied: 3,000 of them make a frame. */
import { colourOf } from "~/ui/colors";
import { lookOf, ranked } from "~/ui/marks";
import { codesOf, type Line } from "./lines";
import { type Column, NO_TASK } from "./sheet";
import { barOf, type Tick } from "./ticks";
import { boxOf, columnsIn, linesIn, type Place, type View } from "./view";

/** The strip above: labels, bars, the mark of the state, the mark of the kind. */
export const STRIP = { labels: 16, bars: 34, mark: 15, kind: 11, whole: 78 } as const;

const KINDS: Record<string, string> = {
  manual: "M4 2.5l8 5.5l-8 5.5z",
  backfill: "M8 3l-5 5l5 5M13.5 3l-5 5l5 5",
  lookback: "M4.5 4.5A5 5 0 1 1 3 8M4.5 1v3.5H8",
  event: "M9.5 1.8L4.5 8.8h7L6.5 14.4",
};

/** The shape of how a run came to be; what the clock made has none. */
export function kindPath(kind: string): string | undefined {
  return KINDS[kind];
}

export interface Picture {
  readonly view: View;
  readonly lines: readonly Line[];
  readonly columns: readonly Column[];
  readonly letters: Readonly<Record<string, string>>;
  readonly ticks: readonly Tick[];
  /** Seconds that a full bar stands for. */
  readonly scale: number;
  readonly hover: Place | null;
  readonly now: number;
  /** Pixels of the screen in one of ours. */
  readonly dense: number;
}

type Ink = CanvasRenderingContext2D;

const sprites = new Map<string, HTMLCanvasElement>();

function sprite(name: string, size: number, dense: number, colour: string, draw: (ink: Ink) => void) {
  const key = `${name} ${size} ${dense} ${colour}`;
  const known = sprites.get(key);
  if (known) return known;
  const made = document.createElement("canvas");
  made.width = made.height = Math.ceil(size * dense);
  const ink = made.getContext("2d");
  if (ink) {
    ink.scale((size * dense) / 16, (size * dense) / 16);
    ink.lineCap = ink.lineJoin = "round";
    draw(ink);
  }
  if (sprites.size > 400) sprites.clear(); // themes and zooms come and go
  sprites.set(key, made);
  return made;
}

function markOf(state: string, size: number, dense: number) {
  const look = lookOf(state);
  const colour = colourOf(look.token);
  return sprite(state, size, dense, colour, (ink) => {
    ink.fillStyle = ink.strokeStyle = colour;
    ink.lineWidth = 1.9;
    if (look.fill) ink.fill(new Path2D(look.fill));
    if (look.stroke) ink.stroke(new Path2D(look.stroke));
    ink.strokeStyle = colourOf("mark-ink");
    if (look.ink) ink.stroke(new Path2D(look.ink));
  });
}

function kindOf(kind: string, size: number, dense: number) {
  const path = KINDS[kind];
  if (!path) return null;
  const colour = colourOf("muted");
  return sprite(`kind ${kind}`, size, dense, colour, (ink) => {
    ink.fillStyle = ink.strokeStyle = colour;
    ink.lineWidth = 2;
    if (kind === "manual") ink.fill(new Path2D(path));
    else ink.stroke(new Path2D(path));
  });
}

/** What is good is quiet: most cells are, and what is not should be found. */
function sizeOf(state: string): number {
  return state === "success" || state === "skipped" || state === "pending" ? 11 : 14;
}

function shares(ink: Ink, counts: Record<string, number>, x: number, y: number, width: number, height: number) {
  const parts = ranked(counts);
  const all = parts.reduce((sum, [, n]) => sum + n, 0);
  let at = x;
  for (const [state, n] of parts) {
    const part = Math.max((n / all) * width, 1);
    ink.fillStyle = colourOf(lookOf(state).token);
    ink.globalAlpha = state === "success" ? 0.5 : 1;
    ink.fillRect(at, y, Math.min(part, x + width - at), height);
    at += part;
  }
  ink.globalAlpha = 1;
}

const grouped = new WeakMap<Line, WeakMap<Column, Record<string, number>>>();

/** The states inside a group, counted once for each run. */
export function statesIn(
  line: Line,
  column: Column,
  letters: Readonly<Record<string, string>>,
): Record<string, number> {
  const known = grouped.get(line) ?? new WeakMap<Column, Record<string, number>>();
  grouped.set(line, known);
  const found = known.get(column);
  if (found) return found;
  const counts = Object.fromEntries(
    Object.entries(codesOf(line, column)).map(([code, n]) => [letters[code] ?? code, n]),
  );
  known.set(column, counts);
  return counts;
}

function cell(ink: Ink, p: Picture, line: Line, column: Column, x: number, y: number) {
  const { wide, high } = p.view;
  if (line.group) {
    const counts = statesIn(line, column, p.letters);
    if (!Object.keys(counts).length) return;
    const worst = ranked(counts)[0]?.[0] ?? "";
    if (line.folded) stamp(ink, p, worst, x + wide / 2, y + high / 2 - 2.5);
    shares(ink, counts, x + 3, line.folded ? y + high - 6 : y + high / 2 - 1.5, wide - 6, 3);
    return;
  }
  const row = line.rows[0] ?? 0;
  const code = column.codes[row] ?? NO_TASK;
  if (code === NO_TASK) return;
  const items = line.mapped ? column.items.get(row) : undefined;
  stamp(ink, p, p.letters[code] ?? code, x + wide / 2, y + high / 2 - (items ? 2.5 : 0));
  if (items) shares(ink, items, x + 3, y + high - 6, wide - 6, 3);
}

function stamp(ink: Ink, p: Picture, state: string, x: number, y: number) {
  const size = sizeOf(state);
  ink.drawImage(markOf(state, size, p.dense), x - size / 2, y - size / 2, size, size);
}

/** How long a run took, or has taken so far; seconds. */
export function lasted(column: Column, now: number): number | null {
  if (column.seconds != null) return column.seconds;
  const going = column.started_at && (column.state === "running" || column.state === "held");
  return going ? Math.max(0, (now - Date.parse(column.started_at as string)) / 1000) : null;
}

function strip(ink: Ink, p: Picture, at: number, x: number) {
  const column = p.columns[at] as Column;
  const { wide } = p.view;
  const foot = STRIP.labels + STRIP.bars;
  const high = barOf(lasted(column, p.now), p.scale, STRIP.bars - 4);
  ink.fillStyle = colourOf(lookOf(column.state).token);
  ink.globalAlpha = column.state === "success" ? 0.55 : 0.9;
  ink.fillRect(x + 4, foot - high, wide - 8, high);
  ink.globalAlpha = 1;
  stamp(ink, p, column.state, x + wide / 2, foot + STRIP.mark / 2 + 1);
  const kind = kindOf(column.kind, 9, p.dense);
  if (kind) ink.drawImage(kind, x + wide / 2 - 4.5, foot + STRIP.mark + 2, 9, 9);
}

function grounds(ink: Ink, p: Picture) {
  const { view, hover } = p;
  ink.fillStyle = colourOf("panel");
  ink.fillRect(0, 0, view.width - view.names, view.height);
  if (!hover) return;
  const box = boxOf(view, hover);
  ink.fillStyle = colourOf("hover");
  ink.fillRect(box.x - view.names, 0, view.wide, view.height);
  if (hover.line >= 0) ink.fillRect(0, box.y, view.width - view.names, view.high);
}

function rules(ink: Ink, p: Picture, from: number, to: number) {
  const { view } = p;
  const bottom = Math.min(view.height, view.strip + view.lines * view.high - view.top);
  ink.fillStyle = colourOf("line");
  for (const tick of p.ticks)
    if (tick.day && tick.column >= from && tick.column < to)
      ink.fillRect(tick.column * view.wide - view.left, 0, 1, bottom);
  ink.strokeStyle = colourOf("muted");
  ink.setLineDash([2, 4]);
  ink.beginPath();
  for (let at = Math.max(from, 1); at < to; at += 1) {
    if (p.columns[at]?.version === p.columns[at - 1]?.version) continue;
    ink.moveTo(at * view.wide - view.left + 0.5, STRIP.labels);
    ink.lineTo(at * view.wide - view.left + 0.5, bottom);
  }
  ink.stroke();
  ink.setLineDash([]);
}

/** Paint the canvas, which begins right of the names. */
export function paint(ink: Ink, p: Picture) {
  const { view } = p;
  const width = view.width - view.names;
  const lines = linesIn(view);
  const columns = columnsIn(view);
  ink.setTransform(p.dense, 0, 0, p.dense, 0, 0);
  grounds(ink, p);
  rules(ink, p, columns.first, columns.stop);
  ink.save();
  ink.beginPath();
  ink.rect(0, view.strip, width, view.height - view.strip);
  ink.clip();
  for (let l = lines.first; l < lines.stop; l += 1)
    for (let c = columns.first; c < columns.stop; c += 1)
      cell(
        ink,
        p,
        p.lines[l] as Line,
        p.columns[c] as Column,
        c * view.wide - view.left,
        view.strip + l * view.high - view.top,
      );
  ink.restore();
  for (let c = columns.first; c < columns.stop; c += 1) strip(ink, p, c, c * view.wide - view.left);
  ink.font = '11px "Inter Variable", system-ui, sans-serif';
  ink.textBaseline = "middle";
  for (const tick of p.ticks) {
    if (tick.column < columns.first - 4 || tick.column >= columns.stop) continue;
    ink.fillStyle = colourOf(tick.day ? "text" : "muted");
    ink.fillText(tick.text, tick.column * view.wide - view.left + 4, STRIP.labels / 2 + 1);
  }
  ink.fillStyle = colourOf("line-strong");
  ink.fillRect(0, view.strip - 1, width, 1);
}
