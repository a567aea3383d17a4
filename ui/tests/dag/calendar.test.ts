import { expect, test } from "vitest";
import type { SlotItem } from "~/api/schema";
import { daysOf, holesOf, monthName, monthsAtOnce, rangeOf, weeksOf } from "~/pages/dag/calendar";

const slot = (key: string, state: string, waits = false) =>
  ({ key, start: `${key}T00:00:00Z`, end: "", state, waits }) as SlotItem;
const byKey = (one: SlotItem) => one.start.slice(0, 10);

test("a month has its days under their weekdays, a leap day too", () => {
  const weeks = weeksOf("2028-02");
  expect(weeks[0]).toEqual([null, "2028-02-01", "2028-02-02", "2028-02-03", "2028-02-04", "2028-02-05", "2028-02-06"]);
  expect(weeks.flat().filter(Boolean).at(-1)).toBe("2028-02-29");
  expect(weeks.every((week) => week.length === 7)).toBe(true);
});

test("months are asked for from the first of the DAG on", () => {
  expect(rangeOf(["2025-12", "2026-01", "2026-02"])).toBe("2025-12..2026-02");
  expect(rangeOf(["2025-12", "2026-01", "2026-02"], "2026-01")).toBe("2026-01..2026-02");
  expect(rangeOf(["2025-12"], "2026-01")).toBe("2026-01..2026-01");
  expect(monthName("2026-02")).toBe("February 2026");
  expect(monthName("2026-02-14")).toBe("February 2026");
});

test("a day shows what matters most of its intervals", () => {
  const days = daysOf(
    [slot("2026-11-01", "fresh"), { ...slot("2026-11-01", "missing"), key: "b" }, slot("2026-11-02", "fresh")],
    byKey,
  );
  expect(days.get("2026-11-01")).toMatchObject({ state: "missing", counts: { fresh: 1, missing: 1 } });
  expect(days.get("2026-11-02")?.state).toBe("fresh");
});

test("what is to be filled reaches from the first hole to the last, without what runs by itself", () => {
  const some = [
    slot("2026-11-01", "fresh"),
    slot("2026-11-02", "failed"),
    slot("2026-11-03", "missing"),
    slot("2026-11-04", "missing", true),
  ];
  expect(holesOf(daysOf(some, byKey))).toEqual({ range: "2026-11-02..2026-11-03", only: ["missing", "failed"] });
  expect(holesOf(daysOf([slot("2026-11-02", "stale")], byKey))).toEqual({ range: "2026-11-02", only: ["stale"] });
  expect(holesOf(daysOf([slot("2026-11-02", "held")], byKey))).toBeNull();
});

test("many intervals a day are shown a month at a time", () => {
  const at = (hour: number) => ({ due: `2026-11-01T${String(hour).padStart(2, "0")}:00:00Z` });
  expect(monthsAtOnce([at(0), at(1)])).toBe(1);
  expect(monthsAtOnce([at(0), at(12)])).toBe(6);
  expect(monthsAtOnce([])).toBe(6);
});
