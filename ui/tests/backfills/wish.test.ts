import { describe, expect, it } from "vitest";
import type { BackfillPlan } from "~/api/schema";
import { bodyOf, commandOf, fieldOf, toggled, told, type Wish } from "~/pages/backfills/wish";

const wish: Wish = {
  dag: "orders",
  range: " 2026-10 ",
  order: "oldest",
  cap: "4",
  only: ["missing"],
  params: {},
  reason: "late",
};

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

describe("the body of the request", () => {
  it("is not asked for without DAG, range or states", () => {
    expect(bodyOf({ ...wish, dag: "" }, true)).toBeNull();
    expect(bodyOf({ ...wish, range: "2026-10-01.." }, true)).toBeNull();
    expect(bodyOf({ ...wish, only: [] }, true)).toBeNull();
  });

  it("has the reason only where it is done, so that a dry run is not asked anew for each letter of it", () => {
    expect(bodyOf(wish, true)).toMatchObject({ range: "2026-10", cap: 4, dry_run: true, reason: "" });
    expect(bodyOf(wish, false)).toMatchObject({ dry_run: false, reason: "late" });
  });
});

it("states are chosen one by one, all of them excludes the others", () => {
  expect(toggled(["missing"], "failed")).toEqual(["missing", "failed"]);
  expect(toggled(["missing", "failed"], "missing")).toEqual(["failed"]);
  expect(toggled(["missing"], "all")).toEqual(["all"]);
  expect(toggled(["all"], "failed")).toEqual(["failed"]);
  expect(toggled(["all"], "all")).toEqual(["missing"]);
});

it("a refusal stands beside the field that it is about", () => {
  expect(fieldOf("body.cap is 0: between 1 and 1,000 runs at once")).toBe("cap");
  expect(fieldOf("--only nonsense: there are missing, failed, held, stale, all")).toBe("only");
  expect(fieldOf("by_hand has no schedule, so no interval to backfill")).toBe("dag");
  expect(fieldOf("this needs the role operator on orders")).toBe("dag");
  expect(fieldOf("--param n=x: a whole number is wanted")).toBe("params");
  expect(fieldOf("'rubbish' is not a moment")).toBe("range");
});

describe("what it would do", () => {
  it("is told with the time that it takes and its verdict", () => {
    expect(told(plan)).toEqual([
      "2 intervals of 2 tasks would run, 4 at once, in about 2 m 00 s.",
      "It catches up 4 days per day.",
    ]);
  });

  it("says that nothing would run", () => {
    expect(told({ ...plan, intervals: [] })[0]).toMatch(/^Nothing would run/);
  });

  it("warns of scheduled work that waits, and of intervals that have not ended", () => {
    const lines = told({ ...plan, scheduled_work_may_wait: 60, not_complete: "2026-11-22" });
    expect(lines).toContain("Scheduled work may wait about 1 m 00 s for a worker meanwhile.");
    expect(lines.at(-1)).toContain("From 2026-11-22 on");
  });
});

it("the same by the command line is quoted where it must be", () => {
  expect(commandOf(wish)).toBe("segue backfill orders 2026-10 --reason late");
  expect(commandOf({ ...wish, cap: "8", order: "newest", only: ["failed", "stale"], reason: "it's late" })).toBe(
    "segue backfill orders 2026-10 --order newest --cap 8 --only failed,stale --reason 'it'\\''s late'",
  );
  expect(commandOf({ ...wish, reason: "", params: { country: "de; rm", n: 3 } })).toBe(
    "segue backfill orders 2026-10 --param 'country=de; rm' --param n=3",
  );
  expect(commandOf({ ...wish, reason: "", params: { key: "hidden" } }, ["key"])).not.toContain("hidden");
  expect(commandOf({ ...wish, dag: "", range: "", reason: "" })).toBe("segue backfill DAG A..B");
});
