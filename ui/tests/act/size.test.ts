import { describe, expect, test } from "vitest";
import { byReason, confirmOf, filterOf, isGrave, needsTick, outcomeOf, sizeOf, titleOf, told } from "~/act/size";
import type { BackfillPlan, ObjectPlan, RunPlan } from "~/api/schema";

const RUN = "orders@2026-11-01";
const runs = (total: number): RunPlan => ({
  act: "retry",
  runs: [],
  total,
  tasks: 0,
  since: null,
  causes: [],
  refused: [],
  reuse: [],
  newer: [],
});
const objects = (n: number): ObjectPlan => ({ act: "pause", objects: Array(n).fill("a"), refused: [], notes: [] });
const backfill = { intervals: Array(30).fill("2026") } as unknown as BackfillPlan;

test("an act says in words what it is about", () => {
  expect(titleOf({ act: "retry", of: { runs: [RUN] } })).toBe("Retry orders@2026-11-01");
  expect(titleOf({ act: "release", of: { runs: [RUN, "b@1"] }, task: "load" })).toBe("Release load of 2 runs");
  expect(titleOf({ act: "rerun", of: { runs: [RUN] }, failed: true })).toBe(
    "Rerun what failed in orders@2026-11-01 with the newest code",
  );
  expect(titleOf({ act: "cancel", of: { select: { dag: "a*", states: ["failed", "held"] } } })).toBe(
    "Cancel all that fit: dag a*, state failed or held",
  );
  expect(titleOf({ act: "pause", of: { select: "tag:x" } })).toBe("Pause every DAG that fits tag:x");
  expect(titleOf({ act: "backfills.again", of: { backfills: ["3"] } })).toBe("Retry what failed in backfill 3");
  expect(titleOf({ act: "backfill", dag: "" })).toBe("New backfill");
  expect(titleOf({ act: "silence", select: "a" })).toBe("Silence alerts about a");
  expect(filterOf({ states: [], dag: null })).toBe("");
});

test("the button tells how much is moved", () => {
  expect(confirmOf({ act: "retry", of: { runs: [RUN] } }, undefined)).toBe("Retry");
  expect(confirmOf({ act: "retry", of: { runs: [RUN] } }, runs(3))).toBe("Retry 3 runs");
  expect(confirmOf({ act: "pause", of: { dags: ["a"] } }, objects(1))).toBe("Pause 1 DAG");
  expect(confirmOf({ act: "trigger", of: { dags: ["a"] } }, objects(2))).toBe("Trigger 2 runs");
  expect(confirmOf({ act: "backfill", dag: "a" }, backfill)).toBe("Run 30 intervals");
  expect(confirmOf({ act: "backfills.pause", of: { backfills: ["3"] } }, objects(1))).toBe("Pause");
});

test("more than ten objects need a word more, a backfill of thirty intervals does not", () => {
  expect(needsTick(runs(10))).toBe(false);
  expect(needsTick(runs(11))).toBe(true);
  expect(needsTick(objects(11))).toBe(true);
  expect(needsTick(backfill)).toBe(false);
  expect(sizeOf(backfill)).toBe(30);
});

test("what throws something away looks so", () => {
  expect(isGrave({ act: "reject", of: { runs: [RUN] } })).toBe(true);
  expect(isGrave({ act: "retry", of: { runs: [RUN] } })).toBe(false);
});

const done = { object: RUN, text: "it goes on", request_id: "1" };
const pending = (id: string) => ({ object: `a@${id}`, request_id: id, url: "" });

test("an outcome is one line", () => {
  expect(outcomeOf({ done: [done], refused: [], pending: [] })).toBe("it goes on.");
  expect(outcomeOf({ done: [], refused: [], pending: [] })).toBe("There was nothing to do.");
  expect(outcomeOf({ done: [done, done], refused: [{ object: "a", why: "b" }], pending: [pending("2")] })).toBe(
    "2 done, 1 refused, 1 not answered yet.",
  );
});

test("refusals of one reason are told together, the most frequent first", () => {
  const refused = [
    { object: "a", why: "x" },
    { object: "b", why: "y" },
    { object: "c", why: "y" },
  ];
  expect(byReason(refused)).toEqual([
    ["y", ["b", "c"]],
    ["x", ["a"]],
  ]);
});

describe("what a backfill would do", () => {
  const plan: BackfillPlan = {
    dag_id: "orders",
    intervals: ["2026-10-01", "2026-10-02"],
    left_alone: {},
    not_complete: null,
    order: "oldest",
    cap: 4,
    only: ["missing"],
    reason: "",
    tasks: ["a", "b"],
    connections: {},
    not_idempotent: [],
    seconds: 120,
    verdict: "catches up 4 days per day",
    scheduled_work_may_wait: 0,
  };

  test("is told with the time that it takes and its verdict", () => {
    expect(told(plan)).toEqual([
      "2 intervals of 2 tasks, 4 at once, in about 2 m 00 s.",
      "It catches up 4 days per day.",
    ]);
  });

  test("is nothing where no interval shows what is asked for", () => {
    expect(told({ ...plan, intervals: [] })).toEqual([
      "No interval of this range shows that: there is nothing to run.",
    ]);
  });

  test("warns of scheduled work that waits, and of intervals that have not ended", () => {
    const lines = told({ ...plan, scheduled_work_may_wait: 60, not_complete: "2026-11-22" });
    expect(lines).toContain("Scheduled work may wait about 1 m 00 s for a worker meanwhile.");
    expect(lines.at(-1)).toContain("From 2026-11-22 on");
  });
});
