import { expect, test } from "vitest";
import type { Mark } from "~/api/schema";
import { barsOf, median, moved } from "~/ui/spark";

function run(n: number, seconds: number | null, state = "success"): Mark {
  const at = "2026-11-03T06:00:00Z";
  return {
    run_id: `orders@${n}`,
    number: n,
    state,
    kind: "scheduled",
    key: `${n}`,
    created_at: at,
    started_at: at,
    ended_at: seconds === null ? null : at,
    seconds,
    version: 1,
  };
}

const NOW = Date.parse("2026-11-03T06:00:20Z");

test("bars go from the oldest to the newest", () => {
  expect(barsOf([run(3, 1), run(2, 1), run(1, 1)], NOW).map((bar) => bar.run)).toEqual([
    "orders@1",
    "orders@2",
    "orders@3",
  ]);
});

test("one long run does not flatten the others: the usual length is half the height", () => {
  const heights = barsOf([run(4, 1000), run(3, 10), run(2, 10), run(1, 10)], NOW).map((bar) => bar.height);
  expect(heights).toEqual([0.5, 0.5, 0.5, 1]);
});

test("equal runs have full height, and a run without a length still has a bar", () => {
  expect(barsOf([run(1, 5), run(2, 5)], NOW).map((bar) => bar.height)).toEqual([1, 1]);
  const [bar] = barsOf([{ ...run(1, null, "queued"), started_at: null }], NOW);
  expect(bar?.height).toBeGreaterThan(0);
  expect(bar?.label).toBe("1: queued");
});

test("a run that goes on is as long as it has lasted", () => {
  const [, bar] = barsOf([run(2, null, "running"), run(1, 40)], NOW);
  expect(bar?.height).toBe(0.5);
  expect(bar?.label).toBe("2: running, 20 s");
});

test("arrows stay inside; other keys lead nowhere", () => {
  expect(moved("ArrowLeft", 0, 5)).toBe(0);
  expect(moved("ArrowRight", 4, 5)).toBe(4);
  expect(moved("ArrowRight", 1, 5)).toBe(2);
  expect(moved("Home", 3, 5)).toBe(0);
  expect(moved("End", 0, 5)).toBe(4);
  expect(moved("x", 2, 5)).toBeNull();
});

test("the median of none is none", () => {
  expect(median([])).toBeNull();
  expect(median([3, 1, 2])).toBe(2);
});
