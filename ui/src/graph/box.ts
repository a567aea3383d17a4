/** One box onto a canvas: far away a square, nearer its mark, then its name, then everything that is known. */
import { colourOf } from "~/ui/colors";
import { lookOf, ranked } from "~/ui/marks";
import { length } from "~/ui/words";
import { BOX } from "./layered";
import { paintMark } from "./mark";
import { at } from "./order";
import type { Ink, Sight } from "./sight";
import type { Status } from "./status";
import { fromRight, shortened } from "./text";
import { NEAR, READABLE } from "./view";

const { width: W, height: H } = BOX;
const RIM = 8;

/** Boxes so small that only their colour is seen; what needs a person gets its mark over it (`paintCalls`). */
export function paintFar(ink: Ink, { scene, view }: Sight, boxes: readonly number[]) {
  const height = Math.max(H, 1.6 / view.k);
  const width = Math.max(W, 1.6 / view.k);
  for (const box of boxes) {
    ink.fillStyle = colourOf(tokenOf(scene.status(box)));
    ink.fillRect(at(scene.layout.x, box), at(scene.layout.y, box), width, height);
  }
}

function tokenOf({ state }: Status): string {
  return state ? lookOf(state).token : "line-strong";
}

const TINTS: Record<string, string> = {
  failed: "failed-tint",
  held: "held-tint",
  running: "running-tint",
};

export function paintBox(ink: Ink, sight: Sight, box: number) {
  const { scene, view } = sight;
  const x = at(scene.layout.x, box);
  const y = at(scene.layout.y, box);
  const status = scene.status(box);
  ink.save();
  paintBody(ink, x, y, status, !scene.node(box), Math.max(1, 1 / view.k));
  if (view.k < READABLE) {
    if (status.state) paintMark(ink, status.state, x + W / 2 - 17, y + H / 2 - 17, 34);
  } else if (view.k < NEAR) paintName(ink, sight, box, Math.min(19, 11 / view.k));
  else {
    paintName(ink, sight, box, 13);
    paintSecond(ink, sight, box);
  }
  if (status.counts && view.k >= READABLE) paintCounts(ink, x, y, status.counts);
  ink.restore();
}

/** The body: tinted where it matters; what a failure stops has a broken rim in the colour of failures. */
function paintBody(ink: Ink, x: number, y: number, { state, blast }: Status, group: boolean, thin: number) {
  if (group) {
    ink.fillStyle = colourOf("panel");
    ink.strokeStyle = colourOf("line-strong");
    ink.lineWidth = thin;
    ink.beginPath();
    ink.roundRect(x + 4, y + 4.5, W - 4, H - 4.5, RIM);
    ink.fill();
    ink.stroke();
  }
  const [w, h] = group ? [W - 4, H - 4] : [W, H];
  const loud = state in TINTS;
  const rim = loud ? 1.6 * thin : blast ? 1.4 * thin : thin;
  ink.beginPath();
  ink.roundRect(x + rim / 2, y + rim / 2, w - rim, h - rim, RIM);
  ink.fillStyle = colourOf("panel"); // tints let what is behind shine through nowhere
  ink.fill();
  ink.fillStyle = colourOf(TINTS[state] ?? (blast ? "failed-tint" : "raised"));
  ink.fill();
  ink.strokeStyle = colourOf(loud ? lookOf(state).token : blast ? "failed" : "line-strong");
  ink.lineWidth = rim;
  ink.setLineDash(blast && !loud ? [5 * thin, 3 * thin] : []);
  ink.stroke();
  ink.setLineDash([]);
}

function paintName(ink: Ink, { scene, view, face }: Sight, box: number, type: number) {
  const x = at(scene.layout.x, box);
  const y = at(scene.layout.y, box);
  const { state, counts } = scene.status(box);
  const near = view.k >= NEAR;
  const two = near && second(scene, box);
  const middle = y + (two ? 17 : H / 2) - (counts && !two ? 2 : 0);
  const side = near ? 15 : 20;
  if (state) paintMark(ink, state, x + 11, middle - side / 2, side);
  const left = x + (state ? 11 + side + 7 : 12);
  const name = scene.name(box);
  ink.font = `560 ${type}px ${face}`;
  ink.fillStyle = colourOf("text");
  ink.textBaseline = "middle";
  ink.textAlign = "left";
  ink.direction = fromRight(name) ? "rtl" : "ltr";
  const room = x + W - 10 - left;
  ink.fillText(fitted(ink, name, room), left, middle + 0.5);
}

/** Whether a box has a second line. */
function second(scene: Sight["scene"], box: number): boolean {
  return !!scene.node(box)?.role || scene.lasting(box) != null || scene.note(box) !== "";
}

/** The second line: role, what sort of task, how long it took. */
function paintSecond(ink: Ink, { scene, face }: Sight, box: number) {
  const status = scene.status(box);
  let left = at(scene.layout.x, box) + 11;
  const right = at(scene.layout.x, box) + W - (scene.node(box) ? 10 : 14);
  const middle = at(scene.layout.y, box) + (status.counts ? 33 : 36);
  ink.direction = "ltr";
  ink.font = `500 11px ${face}`;
  const role = scene.node(box)?.role;
  if (role) left += paintRole(ink, fitted(ink, role, 84), left, middle) + 6;
  let room = right - left;
  const seconds = scene.lasting(box);
  if (seconds != null) {
    const took = length(seconds);
    ink.fillStyle = colourOf(status.state === "running" ? "running" : "muted");
    ink.textAlign = "right";
    ink.fillText(took, right, middle + 0.5);
    room -= ink.measureText(took).width + 8;
  }
  ink.fillStyle = colourOf("muted");
  ink.textAlign = "left";
  const note = scene.note(box);
  if (note) ink.fillText(fitted(ink, note, room), left, middle + 0.5);
}

function paintRole(ink: Ink, role: string, left: number, middle: number): number {
  const width = ink.measureText(role).width + 12;
  ink.beginPath();
  ink.roundRect(left, middle - 8, width, 16, 8);
  ink.fillStyle = colourOf("chosen");
  ink.fill();
  ink.fillStyle = colourOf("accent");
  ink.textAlign = "left";
  ink.fillText(role, left + 6, middle + 0.5);
  return width;
}

const LEAST = 5; // of a bar, that one of thousand is seen

/** How many stand in each state, as one small bar at the foot. */
function paintCounts(ink: Ink, x: number, y: number, counts: Readonly<Record<string, number>>) {
  const shares = ranked({ ...counts });
  const all = shares.reduce((sum, [, n]) => sum + n, 0);
  const room = W - 22 - LEAST * shares.length;
  let left = x + 9;
  ink.save();
  ink.beginPath();
  ink.roundRect(left, y + H - 8, W - 22, 4, 2);
  ink.clip();
  for (const [state, n] of shares) {
    const width = LEAST + (room * n) / all;
    ink.fillStyle = colourOf(lookOf(state).token);
    ink.fillRect(left, y + H - 8, width + 0.5, 4);
    left += width;
  }
  ink.restore();
}

const fits = new Map<string, string>();

/** A name cut to its room, as the font of the ink is; measuring is dear, so it is remembered. */
function fitted(ink: Ink, text: string, room: number): string {
  const key = `${ink.font} ${Math.round(room)} ${text}`;
  let fit = fits.get(key);
  if (fit === undefined) {
    if (fits.size > 20_000) fits.clear();
    fit = shortened(text, room, (some) => ink.measureText(some).width);
    fits.set(key, fit);
  }
  return fit;
}

/** Measured anew: the fonts of the page have come. */
export function forgetFits() {
  fits.clear();
}
