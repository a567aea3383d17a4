/** Where the elements over the canvas lie. Pure; lengths in pixels. */
import type { Line } from "./lines";
import type { Column } from "./sheet";
import { type boxOf, fitting, type Place, type View } from "./view";

/** A cell by name: the number of its run, and its line (null: the run itself). */
export interface CellPlace {
  readonly run: number;
  readonly line: string | null;
}

type Box = ReturnType<typeof boxOf>;
type Size = Pick<View, "width" | "height">;

const CARD = 280;

/** Where a cell is now; the newest run's first line where it is not, or not any more. */
export function placeOf(cell: CellPlace | null, lines: readonly Line[], columns: readonly Column[]): Place {
  const column = cell ? columns.findIndex((one) => one.number === cell.run) : -1;
  const line =
    cell?.line === null
      ? -1
      : Math.max(
          0,
          lines.findIndex((one) => one.id === cell?.line),
        );
  const last = { lines: lines.length, columns: columns.length };
  return fitting({ line, column: column < 0 ? columns.length - 1 : column }, last);
}

/** As wide as the longest name, within limits: on a phone the cells get more than half. */
export function widthOf(lines: readonly Line[], width: number): number {
  const longest = lines.reduce((most, line) => Math.max(most, line.name.length * 7 + line.depth * 14), 0);
  return Math.round(Math.max(96, Math.min(longest + 44, 300, width * 0.4)));
}

/** Where a cell lies among the cells, as a style. */
export function pixels(box: Box, view: View) {
  const px = (n: number) => `${n}px`;
  return { left: px(box.x - view.names), top: px(box.y), width: px(box.width), height: px(box.height) };
}

/** Whether the card of a cell stands above it. */
export function above(box: Box, size: Size): boolean {
  return box.y > size.height / 2 && box.y > 160;
}

/** Below the cell, or above it, and never over its line: the neighbours stay in sight. */
export function besides(box: Box, size: Size): { left: number; top: number } {
  const right = box.x + box.width + 6;
  const left = right + CARD > size.width ? Math.max(4, box.x - CARD - 6) : right;
  return { left, top: above(box, size) ? box.y - 3 : box.y + box.height + 3 };
}
