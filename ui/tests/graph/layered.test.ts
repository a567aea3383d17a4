import { describe, expect, test } from "vitest";
import { closedAtFirst, fold } from "~/graph/fold";
import { BOX, type Layout, layered } from "~/graph/layered";
import { madeGraph } from "~/pages/stress/made";
import { graph } from "./made";

const none = new Set<string>();

function lay(text: string, closed: ReadonlySet<string> = none) {
  const folded = fold(graph(text), closed);
  const layout = layered(folded);
  const of = (id: string) => {
    const box = folded.ids.indexOf(id);
    return { x: layout.x[box] as number, y: layout.y[box] as number };
  };
  return { folded, layout, of };
}

function overlaps({ x, y }: Layout): [number, number][] {
  const order = Array.from(x, (_, i) => i).sort((a, b) => (x[a] as number) - (x[b] as number));
  const found: [number, number][] = [];
  order.forEach((a, k) => {
    for (const b of order.slice(k + 1)) {
      if ((x[b] as number) >= (x[a] as number) + BOX.width) break;
      if (Math.abs((y[a] as number) - (y[b] as number)) < BOX.height - 0.1) found.push([a, b]);
    }
  });
  return found;
}

describe("layered", () => {
  test("what comes after stands to the right, by the longest way", () => {
    const { of } = lay("a>b b>c a>c c>d");
    const xs = ["a", "b", "c", "d"].map((id) => of(id).x);
    expect(xs).toEqual([...xs].sort((a, b) => a - b));
    expect(new Set(xs).size).toBe(4);
  });
  test("a chain is level", () => {
    const { of } = lay("a>b b>c");
    expect(of("a").y).toBe(of("b").y);
    expect(of("b").y).toBe(of("c").y);
  });
  test("what feeds only a late task stands next to it, not at the far left", () => {
    const { of } = lay("a>b b>c c>d late>d");
    expect(of("late").x).toBe(of("c").x);
  });
  test("two strands do not cross", () => {
    const { of } = lay("a1>b1 a2>b2 b2>c2 b1>c1");
    expect(of("a1").y < of("a2").y).toBe(of("b1").y < of("b2").y);
    expect(of("b1").y < of("b2").y).toBe(of("c1").y < of("c2").y);
  });
  test("one task stands at the corner, nothing has no size", () => {
    expect(lay("a").layout).toMatchObject({ width: BOX.width, height: BOX.height });
    expect(layered(fold(graph(""), none))).toMatchObject({ width: 0, height: 0 });
  });
  test("a cycle, as closed groups may make one, ends", () => {
    const { layout } = lay("g.a>x x>g.b", new Set(["g"]));
    expect(layout.x.length).toBe(2);
    const ring = lay("a>b b>c c>a").layout;
    expect(overlaps(ring)).toEqual([]);
  });
  test("boxes never overlap, in graphs of any shape", () => {
    for (const n of [2, 17, 240, 900]) expect(overlaps(layered(fold(madeGraph(n, false), none)))).toEqual([]);
    expect(overlaps(layered(fold(madeGraph(600, true), none)))).toEqual([]);
  });
  test("a group's frame holds its boxes and nobody else's, nested frames too", () => {
    const page = madeGraph(700, true);
    const folded = fold(page, none);
    const { x, y, groups } = layered(folded);
    const chain = (group: number): number[] => (group < 0 ? [] : [group, ...chain(folded.parents[group] as number)]);
    const wrong: string[] = [];
    for (let box = 0; box < folded.boxes; box++) {
      const mine = new Set(chain(folded.within[box] as number));
      folded.open.forEach((_, g) => {
        const [left = 0, top = 0, width = 0, height = 0] = groups.subarray(4 * g, 4 * g + 4);
        const px = (x[box] as number) + 1;
        const py = (y[box] as number) + 1;
        const holds = px >= left && px <= left + width && py >= top && py <= top + height;
        if (holds !== mine.has(g)) wrong.push(`${folded.ids[box]} in ${folded.open[g]}`);
      });
    }
    expect(wrong).toEqual([]);
  });
  test("five thousand tasks that wait for one are no thread", () => {
    const all = Array.from({ length: 5_000 }, (_, i) => `a>t${i}`).join(" ");
    const { layout } = lay(all);
    expect(layout.height).toBeLessThan(10_000);
    expect(layout.width).toBeLessThan(20_000);
  });
  test("twenty thousand tasks are laid out", () => {
    const page = madeGraph(20_000, true);
    expect(fold(page, closedAtFirst(page)).boxes).toBe(40);
    expect(layered(fold(page, none)).x.every(Number.isFinite)).toBe(true);
  });
});
