/**
 * A layered layout of our own, left to right: ranks by longest path, order by barycentre, then each node as near to the
 * middle of its neighbours as the order allows. A group is laid out by itself and then is one big box for what lies
 * around it, so that groups are kept together and never overlap. Pure.
 */
import { at, type Links, linksOf, meanOf, orderOf, ranksOf } from "./order";

export const BOX = { width: 190, height: 50 } as const;
/** What a group adds around what it holds. */
export const PAD = { side: 14, top: 32, bottom: 14 } as const;
const GAP = { x: 64, y: 18 } as const;

/** A graph without names: boxes, edges between them, the group that each lies in. */
export interface Shape {
  readonly boxes: number;
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Of each box the innermost group, -1 for none. */
  readonly within: Int32Array;
  /** Of each group the group that it lies in, -1 for none; a group comes after the one it lies in. */
  readonly parents: Int32Array;
}

/** Where everything lies: left upper corners, in pixels at zoom 1. */
export interface Layout {
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** Of each group left, top, width, height. */
  readonly groups: Float32Array;
  readonly width: number;
  readonly height: number;
  /** Of each edge the points x, y, x, y … that it goes through; nothing: a curve from box to box. */
  readonly bends: readonly (Float32Array | undefined)[];
}

/** Lay out a graph. */
export function layered(shape: Shape): Layout {
  const { boxes, within, parents } = shape;
  const groups = parents.length;
  const all = boxes + groups;
  const holder = new Int32Array(all); // of each box and group the group around it; the root is the last
  for (let i = 0; i < boxes; i++) holder[i] = at(within, i) < 0 ? groups : at(within, i);
  for (let g = 0; g < groups; g++) holder[boxes + g] = at(parents, g) < 0 ? groups : at(parents, g);
  const levels = levelsOf(shape, holder);
  const x = new Float32Array(all);
  const y = new Float32Array(all);
  const w = new Float32Array(all + 1).fill(BOX.width);
  const h = new Float32Array(all + 1).fill(BOX.height);
  for (let g = groups; g >= 0; g--) if (g < groups) size(g);
  size(groups);
  for (let g = 0; g < groups; g++) {
    const around = at(holder, boxes + g);
    if (around < groups) shift(boxes + g, boxes + around);
  }
  for (let i = 0; i < boxes; i++) if (at(holder, i) < groups) shift(i, boxes + at(holder, i));

  function size(g: number) {
    const level = levels[g] as Level;
    const of = (list: Float32Array) => Float32Array.from(level.items, (item) => at(list, item));
    const placed = arrange(Int32Array.from(level.from), Int32Array.from(level.to), of(w), of(h));
    level.items.forEach((item, i) => {
      x[item] = at(placed.x, i);
      y[item] = at(placed.y, i);
    });
    const root = g === groups;
    w[boxes + g] = placed.width + (root ? 0 : 2 * PAD.side);
    h[boxes + g] = placed.height + (root ? 0 : PAD.top + PAD.bottom);
  }
  function shift(item: number, group: number) {
    x[item] = at(x, item) + at(x, group) + PAD.side;
    y[item] = at(y, item) + at(y, group) + PAD.top;
  }

  const frames = new Float32Array(4 * groups);
  for (let g = 0; g < groups; g++)
    frames.set([at(x, boxes + g), at(y, boxes + g), at(w, boxes + g), at(h, boxes + g)], 4 * g);
  return {
    x: x.slice(0, boxes),
    y: y.slice(0, boxes),
    groups: frames,
    width: at(w, all),
    height: at(h, all),
    bends: [],
  };
}

/** What lies directly in one group, and the edges between these, by their numbers there. */
interface Level {
  readonly items: number[];
  readonly from: number[];
  readonly to: number[];
}

function levelsOf({ boxes, from, to }: Shape, holder: Int32Array): Level[] {
  const groups = holder.length - boxes;
  const levels: Level[] = Array.from({ length: groups + 1 }, () => ({ items: [], from: [], to: [] }));
  const number = new Int32Array(holder.length);
  holder.forEach((group, item) => {
    number[item] = (levels[group] as Level).items.push(item) - 1;
  });
  const depth = (item: number): number => {
    let deep = 0;
    for (let g = at(holder, item); g < groups; g = at(holder, boxes + g)) deep++;
    return deep;
  };
  for (let e = 0; e < from.length; e++) {
    let a = at(from, e);
    let b = at(to, e);
    while (at(holder, a) !== at(holder, b)) {
      if (depth(a) >= depth(b)) a = boxes + at(holder, a);
      else b = boxes + at(holder, b);
    }
    if (a === b) continue;
    const level = levels[at(holder, a)] as Level;
    level.from.push(at(number, a));
    level.to.push(at(number, b));
  }
  return levels;
}

interface Placed {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly width: number;
  readonly height: number;
}

/** Lay out boxes of many sizes, without groups. */
function arrange(from: Int32Array, to: Int32Array, w: Float32Array, h: Float32Array): Placed {
  const n = w.length;
  const outs = linksOf(n, from, to);
  const ins = linksOf(n, to, from);
  const columns = orderOf(ranksOf(n, outs, ins), outs, ins).flatMap((row) => wrapped(row, n));
  const middle = new Float64Array(n);
  for (const column of columns) stack(column, h, middle);
  const both = linksOf(n, join(from, to), join(to, from));
  pull(columns, ins, h, middle);
  pull(columns.toReversed(), both, h, middle);
  pull(columns, both, h, middle);

  const x = new Float32Array(n);
  const y = new Float32Array(n);
  let width = 0;
  for (const column of columns) {
    const widest = column.reduce((most, node) => Math.max(most, at(w, node)), 0);
    for (const node of column) x[node] = width + (widest - at(w, node)) / 2;
    width += widest + GAP.x;
  }
  let top = Number.POSITIVE_INFINITY;
  let bottom = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < n; i++) {
    y[i] = at(middle, i) - at(h, i) / 2;
    top = Math.min(top, at(y, i));
    bottom = Math.max(bottom, at(y, i) + at(h, i));
  }
  for (let i = 0; i < n; i++) y[i] = at(y, i) - top;
  return { x, y, width: Math.max(0, width - GAP.x), height: n ? bottom - top : 0 };
}

/** A rank of thousands would be a thread: it becomes several columns that take turns. */
function wrapped(row: Int32Array, n: number): Int32Array[] {
  const tall = Math.max(24, Math.ceil(1.5 * Math.sqrt(n)));
  const columns = Math.ceil(row.length / tall);
  return Array.from({ length: columns }, (_, c) => row.filter((_, i) => i % columns === c));
}

function join(a: Int32Array, b: Int32Array): Int32Array {
  const both = new Int32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** One under the other, around 0. */
function stack(column: Int32Array, h: Float32Array, middle: Float64Array) {
  let down = 0;
  for (const node of column) {
    middle[node] = down + at(h, node) / 2;
    down += at(h, node) + GAP.y;
  }
  for (const node of column) middle[node] = at(middle, node) - (down - GAP.y) / 2;
}

/** Move each column to its neighbours, column by column. */
function pull(columns: readonly Int32Array[], near: Links, h: Float32Array, middle: Float64Array) {
  for (const column of columns) {
    settle(
      column,
      Float64Array.from(column, (node) => meanOf(node, near, middle)),
      h,
      middle,
    );
  }
}

/**
 * The places nearest to the wished ones (least squares) that keep order and distance: isotonic regression by pooling
 * adjacent violators (Ayer et al. 1955), linear in the length of the column.
 */
function settle(column: Int32Array, wish: Float64Array, h: Float32Array, middle: Float64Array) {
  const n = column.length;
  const offset = new Float64Array(n);
  for (let i = 1; i < n; i++)
    offset[i] = at(offset, i - 1) + (at(h, at(column, i - 1)) + at(h, at(column, i))) / 2 + GAP.y;
  const sum = new Float64Array(n);
  const size = new Int32Array(n);
  let pools = 0;
  for (let i = 0; i < n; i++) {
    sum[pools] = at(wish, i) - at(offset, i);
    size[pools++] = 1;
    while (pools > 1 && at(sum, pools - 2) / at(size, pools - 2) >= at(sum, pools - 1) / at(size, pools - 1)) {
      pools--;
      sum[pools - 1] = at(sum, pools - 1) + at(sum, pools);
      size[pools - 1] = at(size, pools - 1) + at(size, pools);
    }
  }
  for (let pool = 0, i = 0; pool < pools; pool++)
    for (let k = 0; k < at(size, pool); k++, i++)
      middle[at(column, i)] = at(sum, pool) / at(size, pool) + at(offset, i);
}
