/** Where on the plane is what: boxes in buckets, for hit tests and for what is in view. Pure. */
import { BOX, type Layout } from "./layered";
import { at } from "./order";

export interface Rect {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const BUCKET = 512;

/** Boxes by bucket of the plane; all boxes are of one size, so each stands in the bucket of its left upper corner. */
export interface Index {
  readonly across: number;
  readonly down: number;
  readonly starts: Int32Array;
  readonly boxes: Int32Array;
  readonly x: Float32Array;
  readonly y: Float32Array;
}

export function indexOf({ x, y, width, height }: Pick<Layout, "x" | "y" | "width" | "height">): Index {
  const across = Math.floor(width / BUCKET) + 1;
  const down = Math.floor(height / BUCKET) + 1;
  const bucket = Int32Array.from(
    x,
    (left, i) => clamp(left / BUCKET, across) + across * clamp(at(y, i) / BUCKET, down),
  );
  const starts = new Int32Array(across * down + 1);
  for (const b of bucket) starts[b + 1] = at(starts, b + 1) + 1;
  for (let b = 0; b < across * down; b++) starts[b + 1] = at(starts, b + 1) + at(starts, b);
  const next = starts.slice();
  const boxes = new Int32Array(x.length);
  bucket.forEach((b, i) => {
    boxes[at(next, b)] = i;
    next[b] = at(next, b) + 1;
  });
  return { across, down, starts, boxes, x, y };
}

function clamp(bucket: number, most: number): number {
  return Math.max(0, Math.min(most - 1, Math.floor(bucket)));
}

/** Every box that a rectangle touches, in no particular order. */
export function boxesIn(index: Index, { left, top, right, bottom }: Rect): number[] {
  const { across, down, starts, boxes, x, y } = index;
  const found: number[] = [];
  const last = clamp(right / BUCKET, across);
  for (let row = clamp((top - BOX.height) / BUCKET, down); row <= clamp(bottom / BUCKET, down); row++) {
    const first = clamp((left - BOX.width) / BUCKET, across) + across * row;
    for (let k = at(starts, first); k < at(starts, last + across * row + 1); k++) {
      const i = at(boxes, k);
      const touches =
        at(x, i) <= right && at(x, i) + BOX.width >= left && at(y, i) <= bottom && at(y, i) + BOX.height >= top;
      if (touches) found.push(i);
    }
  }
  return found;
}

/** The box at a point; `slack`: how far beside it the point may be. */
export function boxAt(index: Index, px: number, py: number, slack = 0): number | undefined {
  return boxesIn(index, { left: px - slack, right: px + slack, top: py - slack, bottom: py + slack })[0];
}

/** The rectangle around some boxes; nothing around none. */
export function around(boxes: Iterable<number>, { x, y }: Pick<Layout, "x" | "y">): Rect | undefined {
  let [left, top, right, bottom] = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  for (const i of boxes) {
    left = Math.min(left, at(x, i));
    top = Math.min(top, at(y, i));
    right = Math.max(right, at(x, i) + BOX.width);
    bottom = Math.max(bottom, at(y, i) + BOX.height);
  }
  return left > right ? undefined : { left, top, right, bottom };
}
