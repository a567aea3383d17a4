/** Paints what is in view of a grid, in tiles: a scroll moves them, and paints only those that come into view. */
import { colourOf } from "~/ui/colors";
import { lookOf, ranked } from "~/ui/marks";
import { type Line, stateOf, statesIn } from "./lines";
import type { Column } from "./sheet";
import { type Ink, stamp, stampKind } from "./sprites";
import { barOf, lasted, type Tick } from "./ticks";
import type { Tiles } from "./tiles";
import { boxOf, columnsIn, linesIn, type Place, type View } from "./view";

/** The strip above: labels, bars, the mark of the state, the mark of the kind; pixels. */
export const STRIP = { labels: 16, bars: 34, mark: 16, whole: 78 } as const;
const FACE = '11px "Inter Variable", system-ui, sans-serif';

/** Of a tile. */
const COLUMNS = 16;
const LINES = 16;

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

/** Paint the canvas, which begins right of the names. */
export function paint(ink: Ink, tiles: Tiles, p: Picture) {
  const { view } = p;
  const columns = columnsIn(view);
  tiles.renew(p.lines, p.columns, p.letters, p.scale, p.now, p.dense, colourOf("panel"));
  ink.setTransform(p.dense, 0, 0, p.dense, 0, 0);
  grounds(ink, p);
  rules(ink, p, columns.first, columns.stop);
  const used = pieces(ink, tiles, p);
  tiles.trim(Math.max(24, 2 * used));
  labels(ink, p, columns.first, columns.stop);
  ink.fillStyle = colourOf("line-strong");
  ink.fillRect(0, view.strip - 1, view.width - view.names, 1);
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

/** Where days and versions begin. */
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

/** The cells, then the strip above them; how many tiles that took. */
function pieces(ink: Ink, tiles: Tiles, p: Picture): number {
  const { view } = p;
  const [lines, columns] = [linesIn(view), columnsIn(view)];
  const [wide, high] = [COLUMNS * view.wide, LINES * view.high];
  const [left, right] = [Math.floor(columns.first / COLUMNS), Math.ceil(columns.stop / COLUMNS)];
  const [top, bottom] = [Math.floor(lines.first / LINES), Math.ceil(lines.stop / LINES)];
  ink.save();
  ink.beginPath();
  ink.rect(0, view.strip, view.width - view.names, Math.max(0, view.height - view.strip));
  ink.clip();
  for (let down = top; down < bottom; down += 1)
    for (let across = left; across < right; across += 1) {
      const piece = tiles.get(`${across} ${down}`, wide, high, p.dense, (own) => cells(own, p, across, down));
      ink.drawImage(piece, across * wide - view.left, view.strip + down * high - view.top, wide, high);
    }
  ink.restore();
  for (let across = left; across < right; across += 1) {
    const piece = tiles.get(`${across}`, wide, STRIP.whole, p.dense, (own) => runs(own, p, across));
    ink.drawImage(piece, across * wide - view.left, 0, wide, STRIP.whole);
  }
  return (right - left) * (bottom - top + 1);
}

function cells(ink: Ink, p: Picture, across: number, down: number) {
  const { wide, high } = p.view;
  p.lines.slice(down * LINES, (down + 1) * LINES).forEach((line, l) => {
    p.columns.slice(across * COLUMNS, (across + 1) * COLUMNS).forEach((column, c) => {
      if (line.group) group(ink, p, line, column, c * wide, l * high);
      else task(ink, p, line, column, c * wide, l * high);
    });
  });
}

function task(ink: Ink, p: Picture, line: Line, column: Column, x: number, y: number) {
  const { wide, high } = p.view;
  const row = line.rows[0] ?? 0;
  const state = stateOf(row, column, p.letters);
  if (!state) return;
  const items = line.mapped ? column.items.get(row) : undefined;
  stamp(ink, state, x + wide / 2, y + high / 2 - (items ? 3 : 0), p.dense);
  if (items) shares(ink, items, x + 3, y + high - 5, wide - 6);
}

function group(ink: Ink, p: Picture, line: Line, column: Column, x: number, y: number) {
  const { wide, high } = p.view;
  const counts = statesIn(line, column, p.letters);
  const worst = ranked(counts)[0]?.[0];
  if (!worst) return;
  if (line.folded) stamp(ink, worst, x + wide / 2, y + high / 2 - 3, p.dense);
  shares(ink, counts, x + 3, line.folded ? y + high - 5 : y + high / 2 - 1, wide - 6);
}

/** Counts of states as a bar of their shares. */
function shares(ink: Ink, counts: Readonly<Record<string, number>>, x: number, y: number, width: number) {
  const parts = ranked(counts);
  const all = parts.reduce((sum, [, n]) => sum + n, 0);
  let at = x;
  for (const [state, n] of parts) {
    const part = Math.max((n / all) * width, 1);
    ink.fillStyle = colourOf(lookOf(state).token);
    ink.globalAlpha = state === "success" ? 0.5 : 1;
    ink.fillRect(at, y, Math.min(part, x + width - at), 3);
    at += part;
  }
  ink.globalAlpha = 1;
}

function runs(ink: Ink, p: Picture, across: number) {
  const { wide } = p.view;
  const foot = STRIP.labels + STRIP.bars;
  p.columns.slice(across * COLUMNS, (across + 1) * COLUMNS).forEach((column, c) => {
    const high = barOf(lasted(column, p.now), p.scale, STRIP.bars - 4);
    ink.fillStyle = colourOf(lookOf(column.state).token);
    ink.globalAlpha = column.state === "success" ? 0.55 : 0.9;
    ink.fillRect(c * wide + 4, foot - high, wide - 8, high);
    ink.globalAlpha = 1;
    stamp(ink, column.state, (c + 0.5) * wide, foot + STRIP.mark / 2, p.dense);
    stampKind(ink, column.kind, (c + 0.5) * wide, foot + STRIP.mark + 5, p.dense);
  });
}

function labels(ink: Ink, p: Picture, from: number, to: number) {
  ink.font = FACE;
  ink.textBaseline = "middle";
  for (const tick of p.ticks) {
    if (tick.column < from - 4 || tick.column >= to) continue;
    ink.fillStyle = colourOf(tick.day ? "text" : "muted");
    ink.fillText(tick.text, tick.column * p.view.wide - p.view.left + 4, STRIP.labels / 2 + 1);
  }
}
