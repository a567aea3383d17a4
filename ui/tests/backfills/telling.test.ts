import { expect, it } from "vitest";
import { grouped, movesOf, paceOf, paceSince, partsOf, verdictOf, whereItStands } from "~/pages/backfills/telling";

const backfill = {
  state: "running",
  runs: {},
  intervals: 20,
  over: 5,
  seconds_left: 90,
  verdict: "catches up 4 days per day",
};

it("what can be done follows from the state and from what has failed", () => {
  expect(movesOf({ state: "proposed", runs: {} })).toEqual(["start", "cancel"]);
  expect(movesOf({ state: "running", runs: { failed: 1 } })).toEqual(["pause", "again", "cancel"]);
  expect(movesOf({ state: "paused", runs: {} })).toEqual(["resume", "cancel"]);
  expect(movesOf({ state: "done", runs: { failed: 2 } })).toEqual(["again"]);
  expect(movesOf({ state: "cancelled", runs: { success: 2 } })).toEqual([]);
});

it("where it stands is said in a sentence of its state", () => {
  expect(whereItStands(backfill)).toBe("5 of 20 intervals over, about 1 m 30 s left. It catches up 4 days per day.");
  expect(whereItStands({ ...backfill, state: "proposed" })).toContain("waits for a person");
  expect(whereItStands({ ...backfill, state: "paused", runs: { failed: 1 } })).toMatch(/paused.* 1 run failed\.$/);
  expect(whereItStands({ ...backfill, state: "done", over: 20 })).toBe("It has ended: all of its 20 intervals ran.");
  expect(whereItStands({ ...backfill, state: "cancelled" })).toContain("was cancelled: 5 of 20");
  expect(whereItStands({ ...backfill, runs: { held: 2 } })).toContain("2 runs are held back and wait for somebody");
  expect(whereItStands({ ...backfill, over: 18, runs: { held: 2 } })).toMatch(
    /^18 of 20 intervals over. 2 runs are held/,
  );
});

it("a verdict becomes a sentence", () => {
  expect(verdictOf("will never catch up: 2 s per day at cap 4")).toBe("It will never catch up: 2 s per day at cap 4.");
  expect(verdictOf("how long it takes is unknown: nothing ran")).toBe("How long it takes is unknown: nothing ran.");
  expect(verdictOf(null)).toBe("");
});

it("a pace is told in the unit that people count it in", () => {
  expect(paceOf(null)).toBe("–");
  expect(paceOf(0.5)).toBe("one interval in 2 h 00 m");
  expect(paceOf(60)).toBe("60 intervals an hour");
  expect(paceOf(600)).toBe("10 intervals a minute");
  expect(paceOf(36_000)).toBe("10 intervals a second");
});

it("a pace is counted from the beginning to the end, or to now", () => {
  const one = { over: 6, created_at: "2026-11-22T00:00:00Z", ended_at: "2026-11-22T02:00:00Z" };
  expect(paceSince(one, 0)).toBe(3);
  expect(paceSince({ ...one, ended_at: null }, Date.parse("2026-11-22T01:00:00Z"))).toBe(6);
  expect(paceSince({ ...one, over: 0 }, 0)).toBeNull();
});

it("failures that differ by numbers only are one kind, the most frequent first", () => {
  expect(
    grouped([
      ["b", "x"],
      ["a", "missing in 2026-11-05.csv"],
      ["a", "missing in 2026-11-10.csv"],
    ]),
  ).toEqual([
    { task: "a", reason: "missing in 2026-11-05.csv", count: 2 },
    { task: "b", reason: "x", count: 1 },
  ]);
});

it("the parts of a bar are shares of all intervals, what is done first", () => {
  expect(partsOf({ runs: { failed: 2, success: 5, queued: 0 }, intervals: 10 })).toEqual([
    ["success", 0.5],
    ["failed", 0.2],
  ]);
  expect(partsOf({ runs: { success: 4 }, intervals: 0 })).toEqual([["success", 1]]);
});
