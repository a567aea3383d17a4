/** A graph onto a canvas: frames of groups, edges, boxes, by how near one looks. */
import { colourOf } from "~/ui/colors";
import { paintBox, paintFar } from "./box";
import { boxesIn, type Rect } from "./index";
import { BOX } from "./layered";
import { paintMark } from "./mark";
import { at } from "./order";
import { reach, type Scene } from "./scene";
import type { Ink, Sight } from "./sight";
import { fromRight, shortened } from "./text";
import { READABLE, seen } from "./view";

const SLICE = 250; // edges or boxes between two looks at the clock
const CROWD = 2_500; // edges in view from which they are straight and faint

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
  const type = Math.min(40, Math.max(12.5, 11 / view.k));
  scene.folded.open.forEach((id, g) => {
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
    if (width * view.k < 60) return;
    ink.font = `600 ${type}px ${face}`;
    ink.fillStyle = colourOf("muted");
    ink.direction = fromRight(id) ? "rtl" : "ltr";
    ink.textAlign = "left";
    ink.fillText(shortened(`▾ ${id}`, width - 24, (text) => ink.measureText(text).width), left + 12, top + 20);
  });
}

function* paintEdges(ink: Ink, sight: Sight, rect: Rect): Generator<void, void> {
  const { scene, view } = sight;
  const { from, to, data } = scene.folded;
  const kinds: number[][] = [[], [], [], []]; // order, data, of the blast, of the picked
  let crowd = 0;
  for (let e = 0; e < from.length; e++) {
    const outside =
      at(scene.spans, 4 * e) > rect.right ||
      at(scene.spans, 4 * e + 1) > rect.bottom ||
      at(scene.spans, 4 * e + 2) < rect.left ||
      at(scene.spans, 4 * e + 3) < rect.top;
    if (outside) continue;
    crowd++;
    const [a, b] = [at(from, e), at(to, e)];
    const lit = a === sight.picked || b === sight.picked;
    kinds[lit ? 3 : scene.status(b).blast && stops(scene, a) ? 2 : at(data, e)]?.push(e);
  }
  const straight = crowd > CROWD;
  const thin = Math.max(1.25, 1 / view.k);
  const looks = [
    ["line-strong", straight ? 0.35 : 1, thin, true],
    ["line-strong", straight ? 0.35 : 1, thin, false],
    ["failed", straight ? 0.5 : 0.75, thin, false],
    ["accent", 1, 1.6 * thin, false],
  ] as const;
  for (const [kind, edges] of kinds.entries()) {
    const [token, alpha, width, dashed] = looks[kind] ?? looks[0];
    for (let start = 0; start < edges.length; start += SLICE) {
      const slice = edges.slice(start, start + SLICE);
      ink.strokeStyle = ink.fillStyle = colourOf(token);
      ink.globalAlpha = alpha;
      ink.lineWidth = width;
      ink.setLineDash(dashed && !straight ? [4 * width, 3 * width] : []);
      ink.beginPath();
      for (const edge of slice) trace(ink, scene, edge, straight);
      ink.stroke();
      ink.setLineDash([]);
      if (view.k >= READABLE && !straight) paintHeads(ink, scene, slice);
      ink.globalAlpha = 1;
      yield;
    }
  }
}

function stops(scene: Scene, box: number): boolean {
  const { state, blast } = scene.status(box);
  return blast || state === "failed" || state === "held";
}

function trace(ink: Ink, { folded, layout }: Scene, edge: number, straight: boolean) {
  const points = layout.bends[edge];
  const a = at(folded.from, edge);
  const b = at(folded.to, edge);
  const left = at(layout.x, a) + BOX.width;
  const top = at(layout.y, a) + BOX.height / 2;
  const right = at(layout.x, b);
  const bottom = at(layout.y, b) + BOX.height / 2;
  if (straight) {
    ink.moveTo(left, top);
    ink.lineTo(right, bottom);
  } else if (points) {
    ink.moveTo(at(points, 0), at(points, 1));
    for (let i = 2; i < points.length - 2; i += 2) corner(ink, points, i);
    ink.lineTo(at(points, points.length - 2), at(points, points.length - 1));
  } else {
    const out = reach(right - left);
    ink.moveTo(left, top);
    ink.bezierCurveTo(left + out, top, right - out, bottom, right, bottom);
  }
}

function corner(ink: Ink, points: Float32Array, i: number) {
  const [x, y, nextX, nextY] = [at(points, i), at(points, i + 1), at(points, i + 2), at(points, i + 3)];
  const before = Math.abs(x - at(points, i - 2)) + Math.abs(y - at(points, i - 1));
  const after = Math.abs(nextX - x) + Math.abs(nextY - y);
  ink.arcTo(x, y, nextX, nextY, Math.min(7, before / 2, after / 2));
}

function paintHeads(ink: Ink, { folded, layout }: Scene, edges: readonly number[]) {
  ink.beginPath();
  for (const edge of edges) {
    const points = layout.bends[edge];
    const b = at(folded.to, edge);
    const x = at(layout.x, b);
    const y = points ? at(points, points.length - 1) : at(layout.y, b) + BOX.height / 2;
    ink.moveTo(x, y);
    ink.lineTo(x - 7, y - 4);
    ink.lineTo(x - 7, y + 4);
  }
  ink.fill();
}

function* paintBoxes(ink: Ink, sight: Sight, rect: Rect): Generator<void, void> {
  const boxes = boxesIn(sight.scene.index, rect);
  const far = sight.view.k < READABLE / 3;
  for (let start = 0; start < boxes.length; start += SLICE) {
    const slice = boxes.slice(start, start + SLICE);
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
