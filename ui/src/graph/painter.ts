/**
 * Paints when something has changed, and never for long: a painting that takes more than a slice of a frame goes on in the
 * next, on a sheet of its own, while the last finished sheet is shown where it would be now.
 */
import { calls, paint, repaintBox } from "./paint";
import type { Scene } from "./scene";
import type { Ink, Sight } from "./sight";
import type { Size, View } from "./view";

const SLICE = 9; // milliseconds

interface Painted {
  readonly scene: Scene | undefined;
  readonly view: View;
  readonly size: Size;
  readonly picked: number;
}

export class Painter {
  readonly #of: Painted;
  readonly #finished: () => void;
  #canvas: HTMLCanvasElement | undefined;
  #front = document.createElement("canvas");
  #back = document.createElement("canvas");
  readonly #drop = document.createElement("canvas");
  #shown: Sight | undefined; // what the front sheet shows
  #coming: Sight | undefined; // what is being painted on the back sheet
  #work: Generator<void, void> | undefined;
  #stale = true;
  #first = true;
  #loud = new Set<number>(); // boxes whose mark reaches beyond them on the front sheet
  #boxes = new Set<number>();
  #frame = 0;

  /** `finished` hears of the first painting that is done. */
  constructor(of: Painted, finished: () => void) {
    this.#of = of;
    this.#finished = finished;
  }

  mount(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.again();
  }

  leave() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#work = undefined;
    this.#canvas = undefined;
  }

  /** Paint everything anew. */
  again() {
    this.#stale = true;
    this.#request();
  }

  /** Paint some boxes anew. */
  some(boxes: Iterable<number>) {
    for (const box of boxes) this.#boxes.add(box);
    this.#request();
  }

  #request() {
    if (this.#canvas) this.#frame ||= requestAnimationFrame(() => this.#turn());
  }

  #turn() {
    this.#frame = 0;
    const { scene, size } = this.#of;
    if (!this.#canvas || !scene || !size.width) return;
    const until = performance.now() + SLICE;
    if (this.#boxes.size) this.#touchUp(scene);
    if (this.#stale && (!this.#work || !this.#covers(this.#coming))) this.#begin(scene);
    while (this.#work && performance.now() < until) {
      if (this.#work.next().done) this.#finish();
      else inkOf(this.#drop).drawImage(this.#back, 0, 0, 1, 1, 0, 0, 1, 1); // or a browser keeps all strokes for the end
    }
    this.#display(this.#canvas);
    if (this.#work || this.#stale) this.#request();
  }

  #begin(scene: Scene) {
    const { view, size, picked } = this.#of;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    fitTo(this.#back, size, ratio);
    const face = getComputedStyle(document.body).fontFamily;
    this.#coming = { scene, view, size, picked, ratio, face };
    this.#stale = false;
    this.#work = paint(inkOf(this.#back), this.#coming);
  }

  #finish() {
    [this.#front, this.#back] = [this.#back, this.#front];
    this.#shown = this.#coming;
    this.#work = undefined;
    this.#loud = new Set();
    if (this.#first) this.#finished();
    this.#first = false;
    const scene = this.#shown?.scene;
    scene?.folded.ids.forEach((_, box) => {
      if (calls(scene.status(box).state)) this.#loud.add(box);
    });
  }

  /** Onto the finished sheet, if nothing else is coming anyway. */
  #touchUp(scene: Scene) {
    const whole = [...this.#boxes].some((box) => this.#loud.has(box) || calls(scene.status(box).state));
    if (this.#work || this.#shown?.scene !== scene || whole) this.#stale = true;
    else if (!this.#stale) for (const box of this.#boxes) repaintBox(inkOf(this.#front), this.#shown, box);
    this.#boxes.clear();
  }

  /** The finished sheet; but the coming one, as far as it is, where one has gone on to somewhere else. */
  #display(canvas: HTMLCanvasElement) {
    const { view, size } = this.#of;
    const early = this.#work !== undefined && !this.#covers(this.#shown);
    const shown = early ? this.#coming : this.#shown;
    const sheet = early ? this.#back : this.#front;
    const ratio = shown?.ratio ?? 1;
    fitTo(canvas, size, ratio);
    const ink = inkOf(canvas);
    ink.setTransform(1, 0, 0, 1, 0, 0);
    ink.clearRect(0, 0, canvas.width, canvas.height);
    if (!shown) return;
    const by = view.k / shown.view.k;
    const x = (view.x - shown.view.x * by) * ratio;
    const y = (view.y - shown.view.y * by) * ratio;
    ink.drawImage(sheet, x, y, sheet.width * by, sheet.height * by);
  }

  /** Whether a sheet shows at least half of what is to be seen now. */
  #covers(sheet: Sight | undefined): boolean {
    if (!sheet) return false;
    const { view, size } = this.#of;
    const by = view.k / sheet.view.k;
    const part = (at: number, from: number, length: number, room: number) =>
      Math.max(0, Math.min(room, at - from * by + length * by) - Math.max(0, at - from * by)) / room;
    const across = part(view.x, sheet.view.x, sheet.size.width, size.width);
    return across * part(view.y, sheet.view.y, sheet.size.height, size.height) >= 0.5;
  }
}

function fitTo(canvas: HTMLCanvasElement, size: Size, ratio: number) {
  const width = Math.max(1, Math.round(size.width * ratio));
  const height = Math.max(1, Math.round(size.height * ratio));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

function inkOf(canvas: HTMLCanvasElement): Ink {
  return canvas.getContext("2d", { alpha: true }) as Ink;
}
