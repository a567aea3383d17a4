import { expect, it } from "vitest";
import { daysOf, endsOf, monthOf, rangeOf } from "~/act/ranges";

it("a range has two ends, one date is both, anything else is none", () => {
  expect(endsOf("2026-10-01..2026-10-31")).toEqual(["2026-10-01", "2026-10-31"]);
  expect(endsOf("2026-10-01 ... 2026-10-31")).toEqual(["2026-10-01", "2026-10-31"]);
  expect(endsOf("2026-10")).toEqual(["2026-10", "2026-10"]);
  for (const text of ["", "  ", "2026-10-01..", "..2026-10-01", "a..b..c"]) expect(endsOf(text)).toBeNull();
});

it("two days are a range in their order, one of them is itself", () => {
  expect(rangeOf("2026-10-01", "2026-10-31")).toBe("2026-10-01..2026-10-31");
  expect(rangeOf("2026-10-31", "2026-10-01")).toBe("2026-10-01..2026-10-31");
  expect(rangeOf("2026-10-01", "2026-10-01")).toBe("2026-10-01");
  expect(rangeOf("", "2026-10-01")).toBe("2026-10-01");
});

it("date fields show the days of what was typed, and nothing of what is no day", () => {
  expect(daysOf("2026-10-01..2026-10-31")).toEqual(["2026-10-01", "2026-10-31"]);
  expect(daysOf("2026-02")).toEqual(["2026-02-01", "2026-02-28"]);
  expect(daysOf("2028-02")).toEqual(["2028-02-01", "2028-02-29"]);
  expect(daysOf("2026-10-01T05..2026-10-02")).toEqual(["2026-10-01", "2026-10-02"]);
  expect(daysOf("yesterday")).toEqual(["", ""]);
});

it("a month is known, typed as such or by its first and last day", () => {
  expect(monthOf("2026-10")).toBe("2026-10");
  expect(monthOf("2026-10-01..2026-10-31")).toBe("2026-10");
  expect(monthOf("2026-10-01..2026-10-30")).toBe("");
  expect(monthOf("")).toBe("");
});
