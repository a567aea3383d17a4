/** Layouts that have been made: in memory, and small ones in the browser's store. */
import type { Folded } from "./fold";
import type { Layout } from "./layered";

const PREFIX = "graph ";
const SMALL = 16_000; // characters
const MOST = 24;

const memory = new Map<string, Layout>();

interface Written {
  x: number[];
  y: number[];
  groups: number[];
  width: number;
  height: number;
  bends: (number[] | null)[];
}

/** The layout of a key, if it fits the graph. */
export function kept(key: string, folded: Folded): Layout | undefined {
  const layout = memory.get(key) ?? read(localStorage.getItem(PREFIX + key));
  const fits = layout?.x.length === folded.boxes && layout.bends.length === folded.from.length;
  return fits ? layout : undefined;
}

export function keep(key: string, layout: Layout) {
  if (memory.size >= MOST) memory.delete(memory.keys().next().value ?? "");
  memory.set(key, layout);
  const text = write(layout);
  if (text.length > SMALL) return;
  try {
    const others = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
    for (const name of others.slice(0, Math.max(0, others.length + 1 - MOST))) localStorage.removeItem(name);
    localStorage.setItem(PREFIX + key, text);
  } catch {
    // the store is full or closed: it is made again next time
  }
}

export function write({ x, y, groups, width, height, bends }: Layout): string {
  const whole = (list: Float32Array) => Array.from(list, Math.round);
  const written: Written = {
    x: whole(x),
    y: whole(y),
    groups: whole(groups),
    width,
    height,
    bends: Array.from(bends, (points) => (points ? whole(points) : null)),
  };
  return JSON.stringify(written);
}

export function read(text: string | null): Layout | undefined {
  if (!text) return undefined;
  try {
    const { x, y, groups, width, height, bends } = JSON.parse(text) as Written;
    return {
      x: Float32Array.from(x),
      y: Float32Array.from(y),
      groups: Float32Array.from(groups),
      width,
      height,
      bends: bends.map((points) => (points ? Float32Array.from(points) : undefined)),
    };
  } catch {
    return undefined; // somebody else wrote it
  }
}
