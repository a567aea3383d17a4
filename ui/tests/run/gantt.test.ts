import { describe, expect, it } from "vitest";
import type { Lane, Piece } from "~/api/schema";
import { atOnce, type Bar, FOLDED, merged, placeOf, rowsOf, spanOf, ticksOf } from "~/pages/run/gantt";
import { rowsIn } from "~/ui/rows";

const at = (second: number) => new Date(second * 1000).toISOString();
function piece(what: string, start: number, end: number | null, state = "success"): Piece {
  return { what, start: at(start), end: end === null ? null : at(end), attempt: 1, state, attempt_id: "7" };
}
function lane(task: string, index: number | null, ...pieces: Piece[]): Lane {
  return { task_id: task, map_index: index, state: "success", group: "", pieces };
}
function bar(start: number, end: number | null): Bar {
  return { waiting: false, start: start * 1000, end: end === null ? null : end * 1000, state: "", attempt: 1, id: "" };
}
const none = new Set<string>();

describe("rows of a Gantt chart", () => {
  it("are one a task, waiting apart from running", () => {
    const [row] = rowsOf([lane("a", null, piece("waiting", 0, 2), piece("running", 2, 5))], none, new Set(["a"]));
    expect(row).toMatchObject({ label: "a", critical: true, inside: false });
    expect(row?.bars.map((one) => [one.waiting, one.start, one.end])).toEqual([
      [true, 0, 2000],
      [false, 2000, 5000],
    ]);
  });

  it("are one for many items, until it is opened", () => {
    const lanes = Array.from({ length: FOLDED + 1 }, (_, n) => lane("m", n, piece("running", n, n + 2)));
    const folded = rowsOf(lanes, none, new Set(["m[3]"]));
    expect(folded).toHaveLength(1);
    expect(folded[0]).toMatchObject({
      label: "m",
      critical: true,
      many: { items: FOLDED + 1, atOnce: 2, open: false },
    });
    const opened = rowsOf(lanes, new Set(["m"]), none);
    expect(opened).toHaveLength(FOLDED + 2);
    expect(opened[4]).toMatchObject({ label: "m[3]", inside: true });
  });

  it("show few items one by one", () => {
    const lanes = Array.from({ length: FOLDED }, (_, n) => lane("m", n, piece("running", n, n + 2)));
    expect(rowsOf(lanes, none, none).map((row) => row.label)).toEqual(lanes.map((_, n) => `m[${n}]`));
  });

  it("show of many items what needs somebody first", () => {
    const lanes = Array.from({ length: 9 }, (_, n) => lane("m", n, piece("running", n, n + 2)));
    const bad = { ...lane("m", 9, piece("running", 1, 2)), state: "failed" };
    expect(rowsOf([...lanes, bad], none, none)[0]?.state).toBe("failed");
  });

  it("draw ten thousand items in little time", () => {
    const lanes = Array.from({ length: 10_000 }, (_, n) => lane("m", n, piece("running", n, n + 50)));
    expect(rowsOf(lanes, new Set(["m"]), none)).toHaveLength(10_001);
    expect(rowsOf(lanes, none, none)[0]?.many).toMatchObject({ items: 10_000, atOnce: 50 });
  });
});

describe("many bars together", () => {
  it("are stretches in which at least one is", () => {
    const found = merged([bar(5, 6), bar(0, 2), bar(1, 3), bar(3, 4)]);
    expect(found.map((one) => [one.start, one.end])).toEqual([
      [0, 4000],
      [5000, 6000],
    ]);
  });

  it("go on where one of them does", () => {
    expect(merged([bar(0, null), bar(1, 2)]).map((one) => one.end)).toEqual([null]);
  });

  it("lie over each other as often as they do", () => {
    expect(atOnce([bar(0, 2), bar(2, 4)])).toBe(1);
    expect(atOnce([bar(0, 3), bar(2, null), bar(2.5, 9)])).toBe(3);
    expect(atOnce([])).toBe(0);
  });
});

describe("where things stand", () => {
  const row = (...bars: Bar[]) => ({ label: "", state: "", critical: false, inside: false, bars });

  it("lies between the first bar and the last, or the present", () => {
    expect(spanOf([row(bar(1, 2)), row(bar(0, 5))], 9_000)).toEqual({ start: 0, end: 5000 });
    expect(spanOf([row(bar(1, null))], 9_000)).toEqual({ start: 1000, end: 9000 });
  });

  it("is never empty", () => {
    expect(spanOf([], 5)).toEqual({ start: 5, end: 6 });
    expect(spanOf([row(bar(1, 1))], 5)).toEqual({ start: 1000, end: 1001 });
    expect(spanOf([row(bar(9, null))], 5_000)).toEqual({ start: 5000, end: 5001 });
  });

  it("is told in pixels, at least two wide", () => {
    const span = { start: 0, end: 10_000 };
    expect(placeOf(bar(2, 7), span, 1000, 0)).toEqual({ left: 200, width: 500 });
    expect(placeOf(bar(2, 2), span, 1000, 0)).toEqual({ left: 200, width: 2 });
    expect(placeOf(bar(2, null), span, 1000, 4_000)).toEqual({ left: 200, width: 200 });
  });

  it("has marks at round numbers that are not too near", () => {
    expect(ticksOf({ start: 0, end: 60_000 }, 600)).toEqual([0, 10, 20, 30, 40, 50, 60]);
    expect(ticksOf({ start: 7, end: 12 }, 600)).toEqual([0, 0.001, 0.002, 0.003, 0.004, 0.005]);
    expect(ticksOf({ start: 0, end: 86_400_000 * 30 }, 300).length).toBeLessThan(5);
    expect(ticksOf({ start: 0, end: 1 }, 0)).toEqual([0]);
  });
});

describe("rows in view", () => {
  it("are those in the box and some around it", () => {
    expect(rowsIn(1000, 200, 20, 1000, 5)).toEqual({ from: 45, to: 65 });
  });

  it("stay within the list", () => {
    expect(rowsIn(0, 200, 20, 3, 5)).toEqual({ from: 0, to: 3 });
    expect(rowsIn(99_999, 200, 20, 3, 5)).toEqual({ from: 3, to: 3 });
    expect(rowsIn(-50, 0, 20, 0, 5)).toEqual({ from: 0, to: 0 });
  });
});
