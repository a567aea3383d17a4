import { colourOf } from "~/ui/colors";
import { lookOf } from "~/ui/marks";
import type { Ink } from "./sight";

const paths = new Map<string, Path2D>();

function pathOf(text: string): Path2D {
  let path = paths.get(text);
  if (!path) {
    path = new Path2D(text);
    paths.set(text, path);
  }
  return path;
}

/** The mark of a state, as `Mark` draws it. */
export function paintMark(ink: Ink, state: string, x: number, y: number, side: number) {
  const look = lookOf(state);
  ink.save();
  ink.translate(x, y);
  ink.scale(side / 16, side / 16);
  ink.lineCap = ink.lineJoin = "round";
  ink.fillStyle = ink.strokeStyle = colourOf(look.token);
  ink.lineWidth = 1.7;
  if (look.fill) ink.fill(pathOf(look.fill));
  if (look.stroke) ink.stroke(pathOf(look.stroke));
  if (look.ink) {
    ink.strokeStyle = colourOf("mark-ink");
    ink.lineWidth = 1.9;
    ink.stroke(pathOf(look.ink));
  }
  ink.restore();
}
