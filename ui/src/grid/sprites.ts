/** Marks as small pictures: each is drawn once and then copied; thousands of them make a frame. */
import { colourOf, onTheme } from "~/ui/colors";
import { lookOf } from "~/ui/marks";

export type Ink = CanvasRenderingContext2D;

const KINDS: Record<string, string> = {
  manual: "M4 2.5l8 5.5l-8 5.5z",
  backfill: "M8 3l-5 5l5 5M13.5 3l-5 5l5 5",
  lookback: "M4.5 4.5A5 5 0 1 1 3 8M4.5 1v3.5H8",
  event: "M9.5 1.8L4.5 8.8h7L6.5 14.4",
};

/** The shape of how a run came to be; what the clock made has none. */
export function kindPath(kind: string): string | undefined {
  return KINDS[kind];
}

const states = new Map<string, HTMLCanvasElement>();
const kinds = new Map<string, HTMLCanvasElement>();
let drawnFor = 0; // pixels of the screen in one of ours

function forget() {
  states.clear();
  kinds.clear();
}

onTheme(forget);

function picture(size: number, dense: number, draw: (ink: Ink) => void): HTMLCanvasElement {
  const made = document.createElement("canvas");
  made.width = made.height = Math.ceil(size * dense);
  const ink = made.getContext("2d");
  if (ink) {
    ink.scale((size * dense) / 16, (size * dense) / 16);
    ink.lineCap = ink.lineJoin = "round";
    draw(ink);
  }
  return made;
}

function drawState(ink: Ink, state: string) {
  const look = lookOf(state);
  ink.fillStyle = ink.strokeStyle = colourOf(look.token);
  ink.lineWidth = 1.9;
  if (look.fill) ink.fill(new Path2D(look.fill));
  if (look.stroke) ink.stroke(new Path2D(look.stroke));
  ink.strokeStyle = colourOf("mark-ink");
  if (look.ink) ink.stroke(new Path2D(look.ink));
}

function drawKind(ink: Ink, kind: string) {
  ink.fillStyle = ink.strokeStyle = colourOf("muted");
  ink.lineWidth = 2;
  if (kind === "manual") ink.fill(new Path2D(KINDS[kind]));
  else ink.stroke(new Path2D(KINDS[kind]));
}

/** What is good is quiet: most cells are, and what is not should be found. */
function sizeOf(state: string): number {
  return state === "success" || state === "skipped" || state === "pending" ? 12 : 14;
}

/** The mark of a state around a point. */
export function stamp(ink: Ink, state: string, x: number, y: number, dense: number) {
  if (dense !== drawnFor) forget();
  drawnFor = dense;
  const size = sizeOf(state);
  let mark = states.get(state);
  if (!mark) {
    mark = picture(size, dense, (own) => drawState(own, state));
    states.set(state, mark);
  }
  ink.drawImage(mark, x - size / 2, y - size / 2, size, size);
}

/** The mark of a kind around a point. */
export function stampKind(ink: Ink, kind: string, x: number, y: number, dense: number) {
  if (!KINDS[kind]) return;
  let mark = kinds.get(kind);
  if (!mark) {
    mark = picture(10, dense, (own) => drawKind(own, kind));
    kinds.set(kind, mark);
  }
  ink.drawImage(mark, x - 5, y - 5, 10, 10);
}
