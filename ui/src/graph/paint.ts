/** A graph onto a canvas: frames of groups, edges, boxes, by how near one looks. */
import { colourOf } from "~/ui/colors";
import { paintBox, paintFar } from "./box";
import { paintEdges } from "./edges";
import { boxesIn, type Rect } from "./index";
import { BOX } from "./layered";
import { paintMark } from "./mark";
import { at } from "./order";
import type { Ink, Sight } from "./sight";
import { fromRight, inside, shortened } from "./text";
import { READABLE, seen } from "./view";

const SLICE = 150; // boxes between two looks at the clock

/** Paint everything in view, in slices: who calls decides when to go on. */
export function* paint(ink: Ink, sight: Sight): Generator<void, void> {
  const { view, size, ratio } = sight;
  ink.setTransform(ratio, 0, 0, ratio, 0, 0);
  ink.fillStyle = colourOf("panel");
  ink.fillRect(0, 0, size.width, size.height);
  toPlane(ink, sight);
  const rect = seen(view, size);
  paintGroups(ink, sight, rect);
  yield* paintEdges(ink, sight, rect);
  yield* paintBoxes(ink, sight, rect);
}

/** One box over itself: nothing else has changed. */
export function repaintBox(ink: Ink, sight: Sight, box: number) {
  toPlane(ink, sight);
  if (sight.view.k < READABLE / 3) paintFar(ink, sight, [box]);
  else paintBox(ink, sight, box);
}

function toPlane(ink: Ink, { view, ratio }: Sight) {
  ink.setTransform(view.k * ratio, 0, 0, view.k * ratio, view.x * ratio, view.y * ratio);
}

function paintGroups(ink: Ink, { scene, view, face }: Sight, rect: Rect) {
  const { groups } = scene.layout;
  const { open, parents } = scene.folded;
  open.forEach((id, g) => {
    const [left = 0, top = 0, width = 0, height = 0] = groups.subarray(4 * g, 4 * g + 4);
    if (left > rect.right || left + width < rect.left || top > rect.bottom || top + height < rect.top) return;
    ink.beginPath();
    ink.roundRect(left, top, width, height, 10);
    ink.fillStyle = colourOf("bg");
    ink.globalAlpha = 0.75;
    ink.fill();
    ink.globalAlpha = 1;
    ink.strokeStyle = colourOf("line");
    ink.lineWidth = Math.max(1, 1 / view.k);
    ink.stroke();
    // From afar only the outermost are named, above their frames: inside there is no room.
    const far = view.k < READABLE;
    if (width * view.k < 60 || (far && at(parents, g) >= 0)) return;
    const name = inside(id, open[at(parents, g)] ?? "");
    ink.font = `600 ${far ? 11 / view.k : Math.max(12.5, 10 / view.k)}px ${face}`;
    ink.fillStyle = colourOf("muted");
    ink.direction = fromRight(name) ? "rtl" : "ltr";
    ink.textAlign = "left";
    ink.textBaseline = far ? "bottom" : "middle";
    const fit = shortened(`▾ ${name}`, width - 24, (text) => ink.measureText(text).width);
    ink.fillText(fit, left + 12, far ? top - 3 / view.k : top + 17);
  });
}

function* paintBoxes(ink: Ink, sight: Sight, rect: Rect): Generator<void, void> {
  const boxes = boxesIn(sight.scene.index, rect);
  const far = sight.view.k < READABLE / 3;
  const many = far ? 6 * SLICE : SLICE;
  for (let start = 0; start < boxes.length; start += many) {
    const slice = boxes.slice(start, start + many);
    if (far) paintFar(ink, sight, slice);
    else for (const box of slice) paintBox(ink, sight, box);
    yield;
  }
  if (far) paintCalls(ink, sight, boxes);
  if (sight.picked >= 0) paintPicked(ink, sight);
}

/** What needs a person is seen from however far: by its mark, not by its colour alone. */
export function calls(state: string): boolean {
  return state === "failed" || state === "held";
}

function paintCalls(ink: Ink, { scene, view }: Sight, boxes: readonly number[]) {
  const side = 12 / view.k;
  for (const box of boxes) {
    const { state } = scene.status(box);
    if (!calls(state)) continue;
    const x = at(scene.layout.x, box) + BOX.width / 2;
    const y = at(scene.layout.y, box) + BOX.height / 2;
    paintMark(ink, state, x - side / 2, y - side / 2, side);
  }
}

function paintPicked(ink: Ink, { scene, view, picked }: Sight) {
  const off = Math.max(2.5, 2 / view.k);
  ink.strokeStyle = colourOf("accent");
  ink.lineWidth = Math.max(2, 2 / view.k);
  ink.beginPath();
  ink.roundRect(
    at(scene.layout.x, picked) - off,
    at(scene.layout.y, picked) - off,
    BOX.width + 2 * off,
    BOX.height + 2 * off,
    9,
  );
  ink.stroke();
}
