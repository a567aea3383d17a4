/** Ranks, and the order within each: what lies left of what, what above what. Pure. */

type Numbers = Int32Array | Float32Array | Float64Array | Uint8Array;

/** `list[i]`, of which it is known that it is there. */
export function at(list: Numbers, i: number): number {
  return list[i] as number;
}

/** The neighbours of each node: those of `i` are `ends[starts[i]]` up to `ends[starts[i + 1]]`. */
export interface Links {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** The neighbours at the other end of edges `from[e] → to[e]`; swapped, those before. */
export function linksOf(n: number, from: Int32Array, to: Int32Array): Links {
  const starts = new Int32Array(n + 1);
  for (const node of from) starts[node + 1] = at(starts, node + 1) + 1;
  for (let i = 0; i < n; i++) starts[i + 1] = at(starts, i + 1) + at(starts, i);
  const next = starts.slice();
  const ends = new Int32Array(from.length);
  for (let e = 0; e < from.length; e++) {
    const node = at(from, e);
    const place = at(next, node);
    ends[place] = at(to, e);
    next[node] = place + 1;
  }
  return { starts, ends };
}

/**
 * Longest path from the start. A graph of tasks has no cycle, but groups folded into boxes may have: where nothing is free,
 * the first that is left goes on.
 */
export function ranksOf(n: number, outs: Links, ins: Links): Int32Array {
  const rank = new Int32Array(n);
  const left = new Int32Array(n);
  const queue = new Int32Array(n);
  const queued = new Uint8Array(n);
  let tail = 0;
  let first = 0;
  const push = (node: number) => {
    queued[node] = 1;
    queue[tail++] = node;
  };
  for (let i = 0; i < n; i++) {
    left[i] = at(ins.starts, i + 1) - at(ins.starts, i);
    if (left[i] === 0) push(i);
  }
  for (let head = 0; head < n; head++) {
    if (head === tail) {
      while (queued[first]) first++;
      push(first);
    }
    const node = at(queue, head);
    for (let e = at(outs.starts, node); e < at(outs.starts, node + 1); e++) {
      const below = at(outs.ends, e);
      if (queued[below]) continue;
      rank[below] = Math.max(at(rank, below), at(rank, node) + 1);
      left[below] = at(left, below) - 1;
      if (left[below] === 0) push(below);
    }
  }
  tighten(rank, outs, ins);
  return rank;
}

/** What nothing comes before stands just left of what it feeds, not at the far left. */
function tighten(rank: Int32Array, outs: Links, ins: Links) {
  for (let i = 0; i < rank.length; i++) {
    if (at(ins.starts, i) !== at(ins.starts, i + 1)) continue;
    let nearest = Number.POSITIVE_INFINITY;
    for (let e = at(outs.starts, i); e < at(outs.starts, i + 1); e++)
      nearest = Math.min(nearest, at(rank, at(outs.ends, e)));
    if (nearest < Number.POSITIVE_INFINITY) rank[i] = Math.max(0, nearest - 1);
  }
}

const SWEEPS = 2;

/** The nodes of each rank from top to bottom: two sweeps there and back, each node to the middle of its neighbours. */
export function orderOf(rank: Int32Array, outs: Links, ins: Links): Int32Array[] {
  const rows = rowsOf(rank);
  const place = visits(rank.length, outs);
  for (const row of rows) sort(row, place);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let r = 1; r < rows.length; r++) arrangeRow(rows[r] as Int32Array, ins, place);
    for (let r = rows.length - 2; r >= 0; r--) arrangeRow(rows[r] as Int32Array, outs, place);
  }
  return rows;
}

function rowsOf(rank: Int32Array): Int32Array[] {
  const size = new Int32Array(rank.reduce((most, r) => Math.max(most, r), -1) + 1);
  for (const r of rank) size[r] = at(size, r) + 1;
  const rows = Array.from(size, (n) => new Int32Array(n));
  size.fill(0);
  for (let i = 0; i < rank.length; i++) {
    const r = at(rank, i);
    (rows[r] as Int32Array)[at(size, r)] = i;
    size[r] = at(size, r) + 1;
  }
  return rows;
}

/** When a walk into the depth comes to each node: what hangs together is near to each other before the first sweep. */
function visits(n: number, outs: Links): Float64Array {
  const seen = new Float64Array(n).fill(-1);
  let count = 0;
  const stack: number[] = [];
  for (let i = 0; i < n; i++) {
    stack.push(i);
    while (stack.length) {
      const node = stack.pop() as number;
      if (at(seen, node) >= 0) continue;
      seen[node] = count++;
      for (let e = at(outs.starts, node + 1) - 1; e >= at(outs.starts, node); e--) stack.push(at(outs.ends, e));
    }
  }
  return seen;
}

/** Sort a row by `place`, and make the place of each its part of the row: 0 at the top, 1 at the bottom. */
function sort(row: Int32Array, place: Float64Array) {
  row.sort((a, b) => at(place, a) - at(place, b));
  for (let i = 0; i < row.length; i++) place[at(row, i)] = (i + 0.5) / row.length;
}

function arrangeRow(row: Int32Array, near: Links, place: Float64Array) {
  const middles = Float64Array.from(row, (node) => meanOf(node, near, place));
  for (let i = 0; i < row.length; i++) place[at(row, i)] = at(middles, i);
  sort(row, place);
}

/** The mean of a node's neighbours; its own where it has none. */
export function meanOf(node: number, near: Links, place: Float64Array): number {
  const start = at(near.starts, node);
  const end = at(near.starts, node + 1);
  if (start === end) return at(place, node);
  let sum = 0;
  for (let e = start; e < end; e++) sum += at(place, at(near.ends, e));
  return sum / (end - start);
}
