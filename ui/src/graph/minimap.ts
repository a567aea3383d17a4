/** The whole plane in a corner of the screen. Pure. */
import { centre, type Size, seen, type View } from "./view";

export interface Mini extends Size {
  /** Pixels of the map for one of the plane. */
  readonly across: number;
  readonly down: number;
}

const MOST = { width: 220, height: 110 };
const LEAST = 16; // pixels of a side, or a chain of a thousand tasks would be a line

export function miniOf(plane: Size, screen: Size): Mini {
  const most = Math.min(MOST.width, screen.width * 0.3);
  const k = Math.min(most / Math.max(1, plane.width), MOST.height / Math.max(1, plane.height));
  const width = Math.round(Math.max(LEAST, plane.width * k));
  const height = Math.round(Math.max(LEAST, plane.height * k));
  return { width, height, across: width / Math.max(1, plane.width), down: height / Math.max(1, plane.height) };
}

/** What of the map is on the screen: left, top, width and height, inside the map. */
export function paneOf(view: View, screen: Size, mini: Mini): readonly [number, number, number, number] {
  const rect = seen(view, screen);
  const inside = (value: number, most: number) => Math.max(0, Math.min(most, value));
  const left = inside(rect.left * mini.across, mini.width - 2);
  const top = inside(rect.top * mini.down, mini.height - 2);
  return [
    left,
    top,
    Math.max(2, inside(rect.right * mini.across, mini.width) - left),
    Math.max(2, inside(rect.bottom * mini.down, mini.height) - top),
  ];
}

/** The view with a point of the map in its middle, as near as before. */
export function viewAt(view: View, screen: Size, mini: Mini, x: number, y: number): View {
  const [px, py] = [x / mini.across, y / mini.down];
  return centre({ left: px, top: py, right: px, bottom: py }, screen, view.k);
}
