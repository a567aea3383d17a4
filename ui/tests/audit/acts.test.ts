import { expect, it } from "vitest";
import { backfillOf, moved, wordsOf } from "~/pages/audit/acts";

it("acts are told in words, unknown ones by their names", () => {
  expect(wordsOf("TriggerRun")).toBe("trigger a run");
  expect(wordsOf("MoveHouse")).toBe("Move house");
});

it("before and after are told where they are known", () => {
  expect(moved("failed", "success")).toBe("failed → success");
  expect(moved("", "4")).toBe("→ 4");
  expect(moved("4", "")).toBe("4 → nothing");
  expect(moved("", undefined)).toBe("");
});

it("the target of an act on a backfill leads to it", () => {
  expect(backfillOf("backfill 9")).toBe("9");
  expect(backfillOf("connection shop")).toBeUndefined();
});
