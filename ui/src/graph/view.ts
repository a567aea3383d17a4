/** What part of the plane is seen: moves and zooms. Pure. */
import type { Rect } from "./index";

/** A point of the plane `p` is seen at `p * k + (x, y)`. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly k: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const CLOSEST = 2.5;
export const FARTHEST = 0.004;
/** From here on names are drawn, and boxes are real buttons. */
export const READABLE = 0.42;
/** From here on everything is written into a box. */
export const NEAR = 0.72;
/** What a graph is opened at, at least, where names are to be read. */
const LEGIBLE = 0.55;
const MARGIN = 28;

export function pan(view: View, dx: number, dy: number): View {
  return { ...view, x: view.x + dx, y: view.y + dy };
}

/** Zoom by a factor; the point of the screen stays where it is. */
export function zoom(view: View, factor: number, px: number, py: number): View {
  const k = Math.min(CLOSEST, Math.max(FARTHEST, view.k * factor));
  const by = k / view.k;
  return { k, x: px - (px - view.x) * by, y: py - (py - view.y) * by };
}

/** The middle of a rectangle in the middle of the screen. */
export function centre(rect: Rect, { width, height }: Size, k: number): View {
  return { k, x: width / 2 - ((rect.left + rect.right) / 2) * k, y: height / 2 - ((rect.top + rect.bottom) / 2) * k };
}

/** All of a rectangle, no closer than `closest`. */
export function allOf(rect: Rect, size: Size, closest = 1): View {
  const k = Math.min(
    (size.width - 2 * MARGIN) / Math.max(1, rect.right - rect.left),
    (size.height - 2 * MARGIN) / Math.max(1, rect.bottom - rect.top),
  );
  return centre(rect, size, Math.min(closest, Math.max(FARTHEST, k)));
}

/** The first look at a graph: all of it if names can be read then, or it is large; else what comes first, readable. */
export function opening(whole: Rect, size: Size, boxes: number): View {
  const all = allOf(whole, size);
  if (all.k >= LEGIBLE || boxes > 60) return all;
  const k = NEAR;
  const middle = centre(whole, size, k);
  return {
    k,
    x: Math.max(middle.x, MARGIN - whole.left * k),
    y: middle.y,
  };
}

/** The first look where something went wrong: all, or the culprit with what it stops, or at least the culprit, readable. */
export function openingOn(culprit: Rect, blast: Rect, whole: Rect, size: Size): View {
  for (const rect of [whole, blast]) {
    const all = allOf(rect, size);
    if (all.k >= LEGIBLE) return all;
  }
  const k = NEAR;
  const left = size.width < 700 ? MARGIN : size.width / 4;
  return { k, x: left - culprit.left * k, y: size.height / 2 - ((culprit.top + culprit.bottom) / 2) * k };
}

/** The part of the plane that is seen. */
export function seen({ x, y, k }: View, { width, height }: Size): Rect {
  return { left: -x / k, top: -y / k, right: (width - x) / k, bottom: (height - y) / k };
}

/** A rectangle brought into view, moved as little as possible: the same view if it is there already. */
export function reveal(view: View, rect: Rect, size: Size): View {
  const shift = (low: number, high: number, room: number) =>
    low < MARGIN ? MARGIN - low : high > room - MARGIN ? Math.max(room - MARGIN - high, MARGIN - low) : 0;
  const dx = shift(rect.left * view.k + view.x, rect.right * view.k + view.x, size.width);
  const dy = shift(rect.top * view.k + view.y, rect.bottom * view.k + view.y, size.height);
  return dx || dy ? pan(view, dx, dy) : view;
}

/** Whether a rectangle lies in another, to the pixel. */
export function holds(outer: Rect, inner: Rect): boolean {
  const slack = 1;
  return (
    outer.left <= inner.left + slack &&
    outer.top <= inner.top + slack &&
    outer.right >= inner.right - slack &&
    outer.bottom >= inner.bottom - slack
  );
}

/** The view of another size of the screen: all of the plane where all was seen and names stay readable; else `kept` is. */
export function resized(view: View, whole: Rect, kept: Rect | undefined, before: Size, size: Size): View {
  if (holds(seen(view, before), whole)) {
    const all = allOf(whole, size, view.k);
    if (all.k >= Math.min(READABLE, view.k)) return all;
  }
  return kept ? reveal(view, kept, size) : view;
}
