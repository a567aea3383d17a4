import { expect, it } from "vitest";
import { daysIn, monthsTo, shifted } from "~/ui/months";

it("months are counted over the turn of the year", () => {
  expect(shifted("2026-01", -1)).toBe("2025-12");
  expect(shifted("2026-12", 1)).toBe("2027-01");
  expect(monthsTo("2026-02", 4)).toEqual(["2025-11", "2025-12", "2026-01", "2026-02"]);
});

it("a month has its days, February some more in a leap year", () => {
  expect(daysIn("2026-02").at(-1)).toBe("2026-02-28");
  expect(daysIn("2028-02").at(-1)).toBe("2028-02-29");
  expect(daysIn("2026-11")).toHaveLength(30);
});
