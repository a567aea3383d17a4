/** Edges onto a canvas, in slices: dashed where they are order alone, in the colour of failures where these go on. */
import { colourOf } from "~/ui/colors";
import type { Rect } from "./index";
import { BOX } from "./layered";
import { at } from "./order";
import { reach, type Scene } from "./scene";
import type { Ink, Sight } from "./sight";
import { READABLE } from "./view";

const SLICE = 120;
const CROWD = 2_500; // edges in view from which they are straight and faint
const LONG = 5_000; // pixels; a browser counts every dash of a line, those outside of the view too

export function* paintEdges(ink: Ink, sight: Sight, rect: Rect): Generator<void, void> {
  const { scene, view } = sight;
  const far = view.k < READABLE;
  const kinds = inView(sight, rect);
  const crowd = Object.values(kinds).reduce((sum, edges) => sum + edges.length, 0);
  const straight = crowd > (far ? CROWD / 2 : CROWD);
  const many = straight ? 3 * SLICE : SLICE;
  const thin = Math.max(1.25, 1 / view.k);
  const looks = {
    long: ["muted", straight ? 0.15 : 0.25, thin],
    order: ["muted", straight ? 0.15 : 0.55, thin],
    data: ["muted", straight ? 0.15 : 0.55, thin],
    blast: ["failed", straight ? 0.5 : 0.75, thin],
    lit: ["accent", 1, 1.6 * thin],
  } as const;
  for (const kind of ["long", "order", "data", "blast", "lit"] as const) {
    const [token, alpha, width] = looks[kind];
    for (let start = 0; start < kinds[kind].length; start += many) {
      const slice = kinds[kind].slice(start, start + many);
      ink.strokeStyle = ink.fillStyle = colourOf(token);
      ink.globalAlpha = alpha;
      ink.lineWidth = width;
      ink.setLineDash(kind === "order" ? [4 * width, 3 * width] : []);
      ink.beginPath();
      for (const edge of slice) trace(ink, scene, edge, straight);
      ink.stroke();
      ink.setLineDash([]);
      if (!far && !straight) paintHeads(ink, scene, slice);
      ink.globalAlpha = 1;
      yield;
    }
  }
}

type Kinds = Record<"long" | "order" | "data" | "blast" | "lit", number[]>;

function inView({ scene, view, picked }: Sight, rect: Rect): Kinds {
  const { spans, folded } = scene;
  const kinds: Kinds = { long: [], order: [], data: [], blast: [], lit: [] };
  for (let e = 0; e < folded.from.length; e++) {
    const left = at(spans, 4 * e);
    const right = at(spans, 4 * e + 2);
    if (left > rect.right || right < rect.left) continue;
    if (at(spans, 4 * e + 1) > rect.bottom || at(spans, 4 * e + 3) < rect.top) continue;
    const a = at(folded.from, e);
    const b = at(folded.to, e);
    if (a === picked || b === picked) kinds.lit.push(e);
    else if (scene.status(b).blast && stops(scene, a)) kinds.blast.push(e);
    else if (at(folded.data, e)) kinds.data.push(e);
    else kinds[view.k < READABLE || (right - left) * view.k > LONG ? "long" : "order"].push(e);
  }
  return kinds;
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
