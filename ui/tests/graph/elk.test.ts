import Elk from "elkjs/lib/elk.bundled.js";
import { beforeEach, describe, expect, test } from "vitest";
import { fromElk, toElk } from "~/graph/elk";
import { fold } from "~/graph/fold";
import { keep, kept, read, write } from "~/graph/kept";
import { graph } from "./made";

const folded = fold(graph("in>g.a g.a>g.deep.b g.deep.b>out in>out"), new Set());

describe("elk", () => {
  test("its answer is a layout of the same boxes: frames around theirs, edges from box to box", async () => {
    const layout = fromElk(folded, await new Elk().layout(toElk(folded)));
    const box = (id: string) => folded.ids.indexOf(id);
    const xs = ["in", "g.a", "g.deep.b", "out"].map((id) => layout.x[box(id)] as number);
    expect(xs).toEqual([...xs].sort((a, b) => a - b));
    const [left = 0, top = 0, width = 0, height = 0] = layout.groups.subarray(4, 8);
    const deep = box("g.deep.b");
    expect(layout.x[deep]).toBeGreaterThan(left);
    expect(layout.x[deep]).toBeLessThan(left + width);
    expect(layout.y[deep]).toBeGreaterThan(top);
    expect(layout.y[deep]).toBeLessThan(top + height);
    const bend = layout.bends[1] as Float32Array; // g.a>g.deep.b, across a frame
    expect(bend.at(-2)).toBeCloseTo(layout.x[deep] as number, 0);
  });
});

describe("kept", () => {
  beforeEach(() => localStorage.clear());
  const layout = {
    x: Float32Array.of(0, 1, 2, 3),
    y: Float32Array.of(0, 0, 0, 0),
    groups: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    width: 10,
    height: 20,
    bends: [undefined, Float32Array.of(1, 2, 3, 4), undefined, undefined],
  };
  test("a layout comes back as it was written", () => {
    expect(read(write(layout))).toEqual(layout);
  });
  test("one of another graph, or of nobody's making, is not taken", () => {
    keep("same", layout);
    expect(kept("same", folded)).toEqual(layout);
    expect(kept("same", fold(graph("a>b"), new Set()))).toBeUndefined();
    localStorage.setItem("graph other", "{not json");
    expect(kept("other", folded)).toBeUndefined();
    expect(read('{"x":3}')).toBeUndefined();
  });
  test("the store holds the newest few, and no large one", () => {
    for (let i = 0; i < 40; i++) keep(`k${i}`, layout);
    expect(Object.keys(localStorage).length).toBeLessThanOrEqual(24);
    expect(localStorage.getItem("graph k39")).not.toBeNull();
    keep("large", { ...layout, x: new Float32Array(20_000) });
    expect(localStorage.getItem("graph large")).toBeNull();
  });
});
