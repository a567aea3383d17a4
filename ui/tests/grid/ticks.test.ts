import { expect, test } from "vitest";
import { barOf, scaleOf, ticksOf } from "~/grid/ticks";

test("days are told where they begin, as far as there is room", () => {
  const days = ["2026-10-30", "2026-10-31", "2026-11-01", "2026-11-02"].map((day) => `${day} 00:00`);
  expect(ticksOf(days, 50, 40).map((one) => one.text)).toEqual(["30 Oct", "31 Oct", "1 Nov", "2 Nov"]);
  expect(ticksOf(days, 16, 48).map((one) => one.text)).toEqual(["30 Oct", "2 Nov"]);
});

test("hours, then minutes, fill what days leave", () => {
  const hours = Array.from({ length: 6 }, (_, hour) => `2026-11-01 0${hour}:00`);
  expect(ticksOf(hours, 20, 40)).toEqual([
    { column: 0, text: "1 Nov", day: true },
    { column: 2, text: "02:00", day: false },
    { column: 4, text: "04:00", day: false },
  ]);
  const minutes = ["2026-11-01 00:58", "2026-11-01 00:59", "2026-11-01 01:00", "2026-11-01 01:01"];
  expect(ticksOf(minutes, 50, 40).map((one) => one.text)).toEqual(["1 Nov", "00:59", "01:00", "01:01"]);
});

test("no run has no label", () => expect(ticksOf([], 10, 10)).toEqual([]));

test("one outlier does not make all other bars flat", () => {
  const usual = Array.from({ length: 40 }, () => 10);
  expect(scaleOf([...usual, 5_000])).toBe(20);
  expect(scaleOf([...usual, null, undefined, 12])).toBe(12);
  expect(scaleOf([null])).toBe(0);
});

test("a bar is never higher than its room, and what took any time is seen", () => {
  expect(barOf(5_000, 20, 40)).toBe(40);
  expect(barOf(10, 20, 40)).toBe(20);
  expect(barOf(0.001, 20, 40)).toBe(1);
  expect(barOf(null, 20, 40)).toBe(0);
  expect(barOf(3, 0, 40)).toBe(0);
});
