/** From box to box by key, and by name. Pure. */
import type { Folded } from "./fold";
import { BOX, type Layout } from "./layered";
import { at } from "./order";

export type Arrow = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown";

export function isArrow(key: string): key is Arrow {
  return key === "ArrowLeft" || key === "ArrowRight" || key === "ArrowUp" || key === "ArrowDown";
}

/** Where an arrow key leads: right and left along an edge, to the one most level; up and down to the next in the rank. */
export function step(folded: Folded, layout: Layout, box: number, key: Arrow): number | undefined {
  const along = key === "ArrowRight" || key === "ArrowLeft";
  return along
    ? alongEdge(folded, layout, box, key === "ArrowRight")
    : inRank(layout, box, key === "ArrowDown" ? 1 : -1);
}

function alongEdge({ from, to }: Folded, { y }: Layout, box: number, down: boolean): number | undefined {
  const [here, there] = down ? [from, to] : [to, from];
  let best: number | undefined;
  for (let e = 0; e < here.length; e++) {
    if (at(here, e) !== box) continue;
    const other = at(there, e);
    const off = Math.abs(at(y, other) - at(y, box));
    if (best === undefined || off < Math.abs(at(y, best) - at(y, box))) best = other;
  }
  return best;
}

function inRank({ x, y }: Layout, box: number, sign: number): number | undefined {
  let best: number | undefined;
  for (let i = 0; i < x.length; i++) {
    const off = (at(y, i) - at(y, box)) * sign;
    if (off <= 0 || Math.abs(at(x, i) - at(x, box)) >= BOX.width) continue;
    if (best === undefined || off < (at(y, best) - at(y, box)) * sign) best = i;
  }
  return best;
}

/** Ids that hold a text, whatever its case: first those that begin with it. */
export function find(ids: Iterable<string>, text: string, most = 8): string[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const first: string[] = [];
  const rest: string[] = [];
  for (const id of ids) {
    const place = id.toLowerCase().indexOf(wanted);
    if (place < 0) continue;
    const starts = place === 0 || id[place - 1] === ".";
    if (starts) first.push(id);
    else if (rest.length < most) rest.push(id);
    if (first.length === most) break;
  }
  return [...first, ...rest].slice(0, most);
}
