/** Pieces of a large picture that are painted once and then only moved, as long as what they show is the same. */
import type { Ink } from "./sprites";

export class Tiles {
  readonly #kept = new Map<string, HTMLCanvasElement>(); // the one used last stands last
  readonly #spare: HTMLCanvasElement[] = [];
  #shown: readonly unknown[] = [];

  /** Forget all pieces if one of the things they are painted from is another. */
  renew(...shown: readonly unknown[]) {
    if (shown.length === this.#shown.length && shown.every((one, at) => one === this.#shown[at])) return;
    this.#shown = shown;
    this.trim(0);
  }

  /** A piece by name; `paint` is called where it is not there yet. Lengths in our pixels. */
  get(name: string, width: number, height: number, dense: number, paint: (ink: Ink) => void): HTMLCanvasElement {
    const known = this.#kept.get(name);
    if (known) {
      this.#kept.delete(name);
      this.#kept.set(name, known);
      return known;
    }
    const made = this.#spare.pop() ?? document.createElement("canvas");
    made.width = Math.ceil(width * dense); // empties it as well
    made.height = Math.ceil(height * dense);
    const ink = made.getContext("2d");
    if (ink) {
      ink.scale(dense, dense);
      paint(ink);
    }
    this.#kept.set(name, made);
    return made;
  }

  /** Keep so many at most, those used last. */
  trim(most: number) {
    for (const [name, piece] of this.#kept) {
      if (this.#kept.size <= most) return;
      this.#kept.delete(name);
      if (this.#spare.length < 16) this.#spare.push(piece);
    }
  }
}
