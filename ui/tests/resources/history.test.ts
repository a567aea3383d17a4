import { expect, test } from "vitest";
import type { ResourcePoint } from "~/api/schema";
import { columnsOf, isEmpty, ofWindow, PLOTS, type Plot, price, said, tick } from "~/pages/resources/history";

const POINTS: ResourcePoint[] = [
  {
    at: "2026-11-03T06:00:00Z",
    queued: 0,
    busy: 2,
    wait_p50_seconds: null,
    wait_p95_seconds: null,
    cpu: 0.5,
    memory: 1024,
  },
  { at: "2026-11-03T06:05:00Z", queued: 0, busy: 1, wait_p50_seconds: 2, wait_p95_seconds: 8, cpu: 0.25, memory: 0 },
];

const plotOf = (title: string): Plot => {
  const plot = PLOTS.find((one) => one.title === title);
  if (!plot) throw new Error(title);
  return plot;
};

test("a column of time, and one a line", () => {
  expect(columnsOf(POINTS, plotOf("Wait for a worker").lines)).toEqual([
    [1793685600, 1793685900],
    [null, 2],
    [null, 8],
  ]);
});

test("a plot of nothing says so instead of drawing a line at zero", () => {
  expect(isEmpty(columnsOf(POINTS, plotOf("Queue").lines))).toBe(true);
  expect(isEmpty(columnsOf(POINTS, plotOf("Busy workers").lines))).toBe(false);
});

test("a plot is also a sentence", () => {
  const plot = plotOf("Busy workers");
  expect(said(plot, columnsOf(POINTS, plot.lines))).toBe("Busy workers: busy now 1, at most 2");
  expect(said(plot, columnsOf([], plot.lines))).toBe("Busy workers: busy now –, at most –");
});

test("lines of one plot differ by more than their colour", () => {
  for (const plot of PLOTS) {
    const looks = plot.lines.map((line) => line.dashed ?? false);
    expect(new Set(looks).size).toBe(looks.length);
  }
});

test("midnight is told by its day", () => {
  expect(tick(Date.parse("2026-11-03T00:00:00Z") / 1000, "UTC")).toBe("11-03");
  expect(tick(Date.parse("2026-11-03T06:00:00Z") / 1000, "UTC")).toBe("06:00");
});

test("prices keep digits that say something", () => {
  expect([0, 0.000_01, 0.0038, 0.12, 12.5].map(price)).toEqual(["0", "< 0.0001", "0.0038", "0.12", "12.50"]);
});

test("a window is told in hours, then days", () => {
  expect([600, 3600, 86_400, 259_200].map(ofWindow)).toEqual(["hour", "hour", "24 hours", "3 days"]);
});
