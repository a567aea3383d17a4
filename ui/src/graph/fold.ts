/** Groups folded into boxes: from tasks and groups to what is drawn. Pure. */
import type { GraphPage } from "~/api/schema";
import type { Shape } from "./layered";
import { at } from "./order";

export type Whole = Pick<GraphPage, "nodes" | "edges" | "groups">;

/** What is drawn: a box is a task, or a group that is closed; an open group is a frame around its boxes. */
export interface Folded extends Shape {
  /** Of each box the id of its task or group. */
  readonly ids: readonly string[];
  /** Of each box its task's number in `nodes`, -1 for a group. */
  readonly task: Int32Array;
  /** Of each box that is a group the numbers of its tasks. */
  readonly held: ReadonlyMap<number, readonly number[]>;
  /** Of each task the box that shows it. */
  readonly boxOf: Int32Array;
  /** Of each edge whether data goes along it, not order alone. */
  readonly data: Uint8Array;
  /** The open groups, by the numbers of `within`. */
  readonly open: readonly string[];
}

const MANY = 300;

/** The groups that a graph begins with closed: all of a big one but those around what is asked to be seen. */
export function closedAtFirst(whole: Whole, toSee?: string): Set<string> {
  if (whole.nodes.length <= MANY) return new Set();
  const closed = new Set(whole.groups.map((group) => group.id));
  for (const group of groupsOf(whole, toSee)) closed.delete(group);
  return closed;
}

/** The groups around a task, the innermost first. */
export function groupsOf(whole: Whole, task: string | undefined): string[] {
  const parents = new Map(whole.groups.map((group) => [group.id, group.parent]));
  const found: string[] = [];
  let group = whole.nodes.find((node) => node.id === task)?.group;
  while (group && parents.has(group) && !found.includes(group)) {
    found.push(group);
    group = parents.get(group);
  }
  return found;
}

/** Fold. */
export function fold(whole: Whole, closed: ReadonlySet<string>): Folded {
  const { shown, open, parents } = foldGroups(whole, closed);
  const ids: string[] = [];
  const task: number[] = [];
  const within: number[] = [];
  const boxOf = new Int32Array(whole.nodes.length);
  const held = new Map<number, number[]>();
  const boxes = new Map<string, number>(); // of closed groups
  whole.nodes.forEach((node, i) => {
    const place = shown.get(node.group);
    let box = place?.closed ? boxes.get(place.closed) : undefined;
    if (box === undefined) {
      box = ids.push(place?.closed ?? node.id) - 1;
      task.push(place?.closed ? -1 : i);
      within.push(place?.inside ?? -1);
      if (place?.closed) boxes.set(place.closed, box);
    }
    boxOf[i] = box;
    if (place?.closed) held.get(box)?.push(i) ?? held.set(box, [i]);
  });
  const edges = foldEdges(whole, boxOf, ids.length);
  return {
    ...edges,
    boxes: ids.length,
    ids,
    task: Int32Array.from(task),
    within: Int32Array.from(within),
    held,
    boxOf,
    open,
    parents,
  };
}

/** Where the tasks of a group are shown: in a closed group's box, which or else they lie inside an open group. */
interface Place {
  readonly closed?: string;
  readonly inside: number;
}

function foldGroups(whole: Whole, closed: ReadonlySet<string>) {
  const parent = new Map(whole.groups.map((group) => [group.id, group.parent]));
  const shown = new Map<string, Place>([["", { inside: -1 }]]);
  const open: string[] = [];
  const parents: number[] = [];
  const place = (id: string): Place => {
    const known = shown.get(id);
    if (known) return known;
    shown.set(id, { inside: -1 }); // a group that lies in itself would never end
    const around = place(parent.get(id) ?? "");
    let here: Place = around;
    if (!around.closed && parent.has(id)) {
      if (closed.has(id)) here = { closed: id, inside: around.inside };
      else {
        parents.push(around.inside);
        here = { inside: open.push(id) - 1 };
      }
    }
    shown.set(id, here);
    return here;
  };
  for (const group of whole.groups) place(group.id);
  return { shown, open, parents: Int32Array.from(parents) };
}

function foldEdges(whole: Whole, boxOf: Int32Array, boxes: number) {
  const number = new Map(whole.nodes.map((node, i) => [node.id, i]));
  const known = new Map<number, number>();
  const from: number[] = [];
  const to: number[] = [];
  const data: number[] = [];
  for (const edge of whole.edges) {
    const source = number.get(edge.source);
    const target = number.get(edge.target);
    if (source === undefined || target === undefined) continue;
    const a = at(boxOf, source);
    const b = at(boxOf, target);
    if (a === b) continue;
    const sort = edge.sort === "data" ? 1 : 0;
    const twin = known.get(a * boxes + b);
    if (twin !== undefined) data[twin] = Math.max(data[twin] ?? 0, sort);
    else {
      known.set(a * boxes + b, from.push(a) - 1);
      to.push(b);
      data.push(sort);
    }
  }
  return { from: Int32Array.from(from), to: Int32Array.from(to), data: Uint8Array.from(data) };
}
