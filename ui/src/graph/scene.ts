/** What there is to draw, and how it is said in words. Pure. */
import type { Node } from "~/api/schema";
import { lookOf, ranked } from "~/ui/marks";
import { length, many } from "~/ui/words";
import type { Folded, Whole } from "./fold";
import { type Index, indexOf } from "./index";
import { BOX, type Layout } from "./layered";
import { at } from "./order";
import { BLANK, type Overlay, type Status, together } from "./status";
import { inside } from "./text";

export class Scene {
  readonly index: Index;
  /** Of each edge left, top, right, bottom. */
  readonly spans: Float32Array;
  readonly #groups = new Map<number, Status>();
  readonly #boxes: Map<string, number>;
  #below: string | undefined;

  constructor(
    readonly whole: Whole,
    readonly folded: Folded,
    readonly layout: Layout,
    readonly overlay: Overlay,
  ) {
    this.index = indexOf(layout);
    this.spans = spansOf(folded, layout);
    this.#boxes = new Map(folded.ids.map((id, box) => [id, box]));
    whole.nodes.forEach((node, i) => {
      this.#boxes.set(node.id, at(folded.boxOf, i));
    });
  }

  /** The box that shows a task, or a closed group. */
  boxOf(id: string): number | undefined {
    return this.#boxes.get(id);
  }

  /** The task of a box; nothing for a group. */
  node(box: number): Node | undefined {
    return this.whole.nodes[at(this.folded.task, box)];
  }

  status(box: number): Status {
    const node = this.node(box);
    if (node) return this.overlay.get(node.id);
    let status = this.#groups.get(box);
    if (!status) {
      const tasks = this.folded.held.get(box) ?? [];
      status = together(tasks.map((i) => this.overlay.get(this.whole.nodes[i]?.id ?? "")));
      this.#groups.set(box, status);
    }
    return status;
  }

  /** A task has changed: the box that is to be drawn anew. */
  changed(task: string): number | undefined {
    const box = this.boxOf(task);
    this.#below = undefined;
    if (box !== undefined) this.#groups.delete(box);
    return box;
  }

  /** How long it took, or has run so far. */
  lasting(box: number): number | null {
    return this.overlay.lasting(this.status(box));
  }

  /** What is written into a box. */
  name(box: number): string {
    const node = this.node(box);
    const around = this.folded.open[at(this.folded.within, box)] ?? "";
    return inside(node?.id ?? this.folded.ids[box] ?? "", around);
  }

  /** How many tasks a group has, how many items a mapped task; what a task is if it is no plain one. */
  note(box: number): string {
    const node = this.node(box);
    if (!node) return many(this.folded.held.get(box)?.length ?? 0, "task");
    const items = Object.values(this.status(box).counts ?? {}).reduce((sum, n) => sum + n, 0);
    if (node.mapped) return items ? `×${items}` : "mapped";
    return node.kind === "task" ? "" : node.kind;
  }

  /** A box as it is told to who cannot see it: `clean, success, 3.2 s, transform`. */
  told(box: number): string {
    const node = this.node(box);
    const status = this.status(box);
    const counts = ranked(status.counts ?? {}).map(([state, n]) => `${n} ${lookOf(state).label}`);
    return [
      node ? node.id : `group ${this.folded.ids[box]}`,
      status.state && lookOf(status.state).label,
      status.seconds != null && length(status.seconds),
      node?.role,
      !node || node.mapped || node.kind !== "task" ? this.note(box) : "",
      counts.join(" "),
      status.blast && this.below(),
    ]
      .filter(Boolean)
      .join(", ");
  }

  /** The first task that failed or is held, in the order of the graph. */
  culprit(): string | undefined {
    return culpritOf(this.whole, this.overlay);
  }

  /** What a box is told to be that lies below of what went wrong. */
  below(): string {
    if (this.#below === undefined) {
      const culprit = this.culprit();
      const held = culprit !== undefined && this.overlay.get(culprit).state === "held";
      this.#below = held ? "downstream of what is held" : "downstream of a failure";
    }
    return this.#below;
  }

  /** How many tasks stand in each state. */
  counts(): Record<string, number> {
    const all: Record<string, number> = {};
    for (const node of this.whole.nodes) {
      const { state } = this.overlay.of.get(node.id) ?? BLANK;
      if (state) all[state] = (all[state] ?? 0) + 1;
    }
    return all;
  }
}

export function culpritOf(whole: Whole, overlay: Overlay): string | undefined {
  const first = (state: string) => whole.nodes.find((node) => overlay.get(node.id).state === state)?.id;
  return first("failed") ?? first("held");
}

/** How far the curve of an edge without bends reaches out of its boxes. */
export function reach(dx: number): number {
  return dx > 0 ? Math.min(140, Math.max(24, dx / 2)) : 120;
}

function spansOf({ from, to }: Folded, { x, y, bends }: Layout): Float32Array {
  const spans = new Float32Array(4 * from.length);
  for (let e = 0; e < from.length; e++) {
    const points = bends[e];
    const a = at(from, e);
    const b = at(to, e);
    const out = points ? 0 : 140;
    const xs = points ? points.filter((_, i) => i % 2 === 0) : [at(x, a) + BOX.width, at(x, b)];
    const ys = points
      ? points.filter((_, i) => i % 2 === 1)
      : [at(y, a), at(y, b), at(y, a) + BOX.height, at(y, b) + BOX.height];
    spans.set([Math.min(...xs) - out, Math.min(...ys), Math.max(...xs) + out, Math.max(...ys)], 4 * e);
  }
  return spans;
}
