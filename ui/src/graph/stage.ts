/** A graph on the screen: its view, what is painted of it, and which boxes are real elements. React holds on to it. */
import { onTheme } from "~/ui/colors";
import { forgetFits } from "./box";
import { around, boxesIn, type Rect } from "./index";
import { BOX } from "./layered";
import { at } from "./order";
import { Painter } from "./painter";
import type { Scene } from "./scene";
import {
  allOf,
  centre,
  holds,
  NEAR,
  opening,
  openingOn,
  pan,
  READABLE,
  resized,
  reveal,
  type Size,
  seen,
  type View,
} from "./view";

const ELEMENTS = 150;
const REST = 120; // milliseconds
const NOWHERE = { x: new Float32Array(), y: new Float32Array() };

export class Stage {
  scene: Scene | undefined;
  view: View = { x: 0, y: 0, k: 1 };
  size: Size = { width: 0, height: 0 };
  picked = -1;
  /** Boxes that are elements now, upstream first; another list when others are. */
  elements: readonly number[] = [];
  /** Grows with whatever React shows beside the elements: states, and whether names can be read. */
  turn = 0;
  /** The box that has, or gets, the focus. */
  active = -1;
  #painted: (() => void) | undefined;
  readonly #painter = new Painter(this, () => this.#painted?.());
  /** The box whose element is to get the focus as soon as there is one. */
  wanted = -1;
  #pickedId: string | undefined;
  #anchor: string | undefined;
  #aim: string | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #watchers = new Set<() => void>();
  #layer: HTMLElement | undefined;
  #moved = false;
  #gather: ReturnType<typeof setTimeout> | undefined;
  #later: ReturnType<typeof setTimeout> | undefined;

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Hear of every move of the view, at once. */
  watch = (listener: () => void) => {
    this.#watchers.add(listener);
    return () => {
      this.#watchers.delete(listener);
    };
  };

  /** Live in these elements, until what it gives is called; `painted` hears when all has been painted first. */
  mount(host: HTMLElement, canvas: HTMLCanvasElement, layer: HTMLElement, painted?: () => void): () => void {
    this.#painted = painted;
    this.#layer = layer;
    const resize = new ResizeObserver(() => this.#resize(host));
    resize.observe(host);
    const paint = () => this.#painter.again();
    const dark = onTheme(paint);
    this.#painter.mount(canvas);
    void document.fonts?.ready.then(() => {
      forgetFits();
      paint();
    });
    this.#resize(host);
    return () => {
      resize.disconnect();
      dark();
      clearTimeout(this.#gather);
      clearTimeout(this.#later);
      this.#later = undefined;
      this.#painter.leave();
    };
  }

  #resize(host: HTMLElement) {
    const size = { width: host.clientWidth, height: host.clientHeight };
    if (size.width === this.size.width && size.height === this.size.height) return;
    const before = this.size;
    this.size = size;
    if (this.#moved) {
      const picked = around(this.picked < 0 ? [] : [this.picked], this.scene?.layout ?? NOWHERE);
      this.view = resized(this.view, this.whole(), picked, before, size);
    } else this.open();
    this.look(this.view, this.#moved);
  }

  /** Another layout or other boxes; what is nearest to the middle stays in place, or the group that was folded. */
  show(scene: Scene) {
    const before = this.scene;
    const stays = before && (this.#anchor ?? (this.#moved ? this.#central(before) : undefined));
    const was = stays === undefined || !before ? undefined : placeOf(before, stays);
    const now = stays === undefined ? undefined : placeOf(scene, stays);
    const active = before?.folded.ids[this.active];
    this.scene = scene;
    this.active = (active === undefined ? undefined : scene.boxOf(active)) ?? -1;
    this.#setPicked();
    this.elements = [];
    if (was && now) this.look(pan(this.view, (was[0] - now[0]) * this.view.k, (was[1] - now[1]) * this.view.k));
    else {
      this.open();
      this.look(this.view, this.#moved);
    }
    this.#anchor = undefined;
    const box = this.#aim === undefined ? undefined : scene.boxOf(this.#aim);
    this.#aim = undefined;
    if (box !== undefined) this.go(box, true);
  }

  /** A group is about to be opened or closed: it stays where it is, and who was on it goes on to `then`. */
  folding(group: string, then: string | undefined) {
    this.#anchor = group;
    this.#aim = then;
  }

  /** Go to a task, as soon as it has a box of its own. */
  seek(task: string) {
    const box = this.scene?.boxOf(task);
    if (box !== undefined && this.scene?.folded.ids[box] === task) this.go(box, true);
    else this.#aim = task;
  }

  #central(scene: Scene): string | undefined {
    const rect = seen(this.view, this.size);
    const [x, y] = [(rect.left + rect.right) / 2, (rect.top + rect.bottom) / 2];
    const off = (box: number) => Math.hypot(at(scene.layout.x, box) - x, at(scene.layout.y, box) - y);
    const nearest = boxesIn(scene.index, rect).reduce(
      (best, box) => (best < 0 || off(box) < off(best) ? box : best),
      -1,
    );
    return scene.folded.ids[nearest];
  }

  whole(): Rect {
    const { width = 0, height = 0 } = this.scene?.layout ?? {};
    return { left: 0, top: 0, right: width, bottom: height };
  }

  /** The first look: at what went wrong, if anything did. */
  open() {
    const { scene, size } = this;
    if (!scene || !size.width) return;
    const id = scene.culprit();
    const culprit = id === undefined ? undefined : scene.boxOf(id);
    if (culprit === undefined) this.view = opening(this.whole(), size, scene.folded.boxes);
    else {
      const blast = scene.folded.ids.map((_, box) => box).filter((box) => box === culprit || scene.status(box).blast);
      const rect = around([culprit], scene.layout);
      const wide = around(blast, scene.layout);
      if (rect && wide) this.view = openingOn(rect, wide, this.whole(), size);
      if (this.active < 0) this.active = culprit;
    }
    const picked = around(this.picked < 0 ? [] : [this.picked], scene.layout);
    if (picked && this.view.k >= READABLE) this.view = reveal(this.view, picked, size);
  }

  /** Whether a box is seen in the left half. */
  isLeft(box: number): boolean {
    const x = this.scene?.layout.x[box] ?? 0;
    return (x + BOX.width / 2) * this.view.k + this.view.x < this.size.width / 2;
  }

  /** Whether there is more than what is seen. */
  get partial(): boolean {
    return this.size.width > 0 && !holds(seen(this.view, this.size), this.whole());
  }

  /** It is so late now: what runs has lasted longer. */
  tick(now: number) {
    const { scene } = this;
    if (!scene) return;
    scene.overlay.now = now;
    if (this.view.k < NEAR) return;
    const boxes = this.elements.filter((box) => scene.status(box).started !== undefined);
    if (boxes.length) this.#painter.some(boxes);
  }

  /** Everything. */
  fit() {
    this.look(allOf(this.whole(), this.size));
  }

  /** See the plane so. */
  look(view: View, moved = true) {
    this.#moved = moved;
    this.view = view;
    if (this.#layer) {
      this.#layer.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.k})`;
      this.#layer.style.setProperty("--k", String(view.k));
    }
    this.#painter.again();
    for (const listener of this.#watchers) listener();
    if (!this.elements.length) this.#choose();
    clearTimeout(this.#gather); // while one moves, the canvas is enough
    this.#gather = setTimeout(() => this.#choose(), REST);
  }

  /** Which boxes are elements: those in view if names can be read, the nearest to the middle first. */
  #choose() {
    const { scene, view, size } = this;
    if (!scene) return;
    const rect = seen(view, size);
    let boxes = view.k >= READABLE ? boxesIn(scene.index, rect) : [];
    if (boxes.length > ELEMENTS) {
      const [x, y] = [(rect.left + rect.right - BOX.width) / 2, (rect.top + rect.bottom - BOX.height) / 2];
      const off = (box: number) => Math.hypot(at(scene.layout.x, box) - x, at(scene.layout.y, box) - y);
      boxes = boxes.sort((a, b) => off(a) - off(b)).slice(0, ELEMENTS);
    }
    if (this.active < 0) this.active = this.picked >= 0 ? this.picked : 0;
    if (this.active < scene.folded.boxes && !boxes.includes(this.active)) boxes.push(this.active);
    boxes.sort((a, b) => a - b);
    const same = boxes.length === this.elements.length && boxes.every((box, i) => box === this.elements[i]);
    if (!same) this.elements = boxes;
    this.#tell();
  }

  /** Tasks stand otherwise: only their boxes are painted anew. */
  changed(tasks: Iterable<string>) {
    const boxes = new Set<number>();
    for (const task of tasks) {
      const box = this.scene?.changed(task);
      if (box !== undefined) boxes.add(box);
    }
    if (!boxes.size) return;
    if (boxes.size > ELEMENTS) this.#painter.again();
    else this.#painter.some(boxes);
    this.#later ??= setTimeout(() => this.#tell(), REST); // words may come a little after the colours
  }

  /** Mark a task, or a group. */
  pick(id: string | undefined) {
    this.#pickedId = id;
    this.#setPicked();
    this.#painter.again();
    this.#tell();
  }

  #setPicked() {
    this.picked = (this.#pickedId === undefined ? undefined : this.scene?.boxOf(this.#pickedId)) ?? -1;
  }

  /** Bring a box into view, near enough to read, and give it the focus; `closer`: from wherever one was. */
  go(box: number, closer = false) {
    const { scene } = this;
    const rect = scene && around([box], scene.layout);
    if (!rect) return;
    this.active = this.wanted = box;
    const shown = reveal(this.view, rect, this.size);
    const jump = closer ? this.view.k < NEAR || shown !== this.view : this.view.k < READABLE;
    const next = jump ? centre(rect, this.size, Math.max(NEAR, this.view.k)) : shown;
    this.look(next, this.#moved || next !== this.view);
    clearTimeout(this.#gather);
    this.#choose();
  }

  #tell() {
    clearTimeout(this.#later);
    this.#later = undefined;
    this.turn++;
    for (const listener of this.#listeners) listener();
  }
}

/** The left upper corner of a box, or of the frame of an open group. */
function placeOf(scene: Scene, id: string): readonly [number, number] | undefined {
  const group = scene.folded.open.indexOf(id);
  if (group >= 0) return [at(scene.layout.groups, 4 * group), at(scene.layout.groups, 4 * group + 1)];
  const box = scene.boxOf(id);
  return box === undefined ? undefined : [at(scene.layout.x, box), at(scene.layout.y, box)];
}
