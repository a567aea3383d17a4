import { describe, expect, it } from "vitest";
import { CELL, indexAt, LINE, layOut, NAMES, rowOf, shown, step, stepOf, tally } from "~/pages/backfill/slots";

function days(from: string, count: number): string[] {
  const start = Date.parse(`${from}T00:00Z`);
  return Array.from({ length: count }, (_, n) => new Date(start + n * 86_400_000).toISOString().slice(0, 10));
}

function hours(from: string, count: number): string[] {
  const start = Date.parse(`${from}:00Z`);
  return Array.from({ length: count }, (_, n) => new Date(start + n * 3_600_000).toISOString().slice(0, 16));
}

describe("the layout of slots", () => {
  it("puts days in rows of months, each day of a month in its own column", () => {
    const { rows, width } = layOut(days("2026-09-30", 33));
    expect(rows.map((row) => [row.label, row.first, row.columns.length])).toEqual([
      ["2026-09", 0, 1],
      ["2026-10", 1, 31],
      ["2026-11", 32, 1],
    ]);
    expect(rows[0]?.columns).toEqual([29]);
    expect(rows[1]?.columns[0]).toBe(0);
    expect(width).toBe(31);
  });

  it("leaves out columns at the left that nothing uses", () => {
    const { rows, width } = layOut(days("2026-10-25", 7));
    expect(rows[0]?.columns).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(width).toBe(7);
  });

  it("puts hours in rows of days", () => {
    const found = layOut(["2026-11-21T22:00", "2026-11-21T23:00", "2026-11-22T00:00"]);
    expect(found.rows.map((row) => row.label)).toEqual(["2026-11-21", "2026-11-22"]);
    expect(found.rows.map((row) => row.columns)).toEqual([[22, 23], [0]]);
  });

  it("puts an hour that comes twice beside itself", () => {
    const keys = [
      "2026-10-25T01:00+02:00",
      "2026-10-25T02:00+02:00",
      "2026-10-25T02:00+01:00",
      "2026-10-25T03:00+01:00",
    ];
    expect(layOut(keys).rows[0]?.columns).toEqual([0, 1, 2, 3]);
  });

  it("puts quarters of an hour in rows of hours", () => {
    const found = layOut(["2026-11-21T05:15", "2026-11-21T05:30", "2026-11-21T05:45", "2026-11-21T06:00"]);
    expect(found.rows.map((row) => [row.label, row.columns])).toEqual([
      ["2026-11-21 05", [1, 2, 3]],
      ["2026-11-21 06", [0]],
    ]);
  });

  it("puts months and weeks in rows of years", () => {
    const months = layOut(["2025-11-01", "2025-12-01", "2026-01-01"]);
    expect(months.rows.map((row) => [row.label, row.columns])).toEqual([
      ["2025", [10, 11]],
      ["2026", [0]],
    ]);
    const weeks = layOut(["2026-01-05", "2026-01-12", "2026-01-19"]);
    expect(weeks.rows[0]?.columns).toEqual([0, 1, 2]);
  });

  it("knows a step from one key, and none from nothing", () => {
    expect(stepOf(["2026-11-21"])).toBe(86_400_000);
    expect(stepOf(["2026-11-21T05:00"])).toBe(3_600_000);
    expect(layOut([])).toEqual({ rows: [], width: 1 });
  });

  it("lays out 20,000 hours, each once and in order", () => {
    const keys = hours("2024-01-01T00", 20_000);
    const { rows } = layOut(keys);
    expect(rows.reduce((sum, row) => sum + row.columns.length, 0)).toBe(20_000);
    expect(rows.length).toBe(Math.ceil(20_000 / 24));
    expect(keys[rows[400]?.first ?? -1]?.slice(0, 10)).toBe(rows[400]?.label);
  });
});

describe("moving in the grid", () => {
  const layout = layOut(days("2026-01-30", 40)); // 30, 31 January; all of February; 1 to 10 March

  it("finds the row of a slot", () => {
    expect([0, 1, 2, 29, 30, 39].map((index) => rowOf(layout, index))).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it("goes left and right through the ends of rows, and stays at its own ends", () => {
    expect(step(layout, 1, "ArrowRight")).toBe(2);
    expect(step(layout, 2, "ArrowLeft")).toBe(1);
    expect(step(layout, 0, "ArrowLeft")).toBe(0);
    expect(step(layout, 39, "ArrowRight")).toBe(39);
  });

  it("goes up and down within a column, to the nearest where there is none", () => {
    expect(step(layout, 2, "ArrowDown")).toBe(30); // 1 February to 1 March
    expect(step(layout, 39, "ArrowUp")).toBe(11); // 10 March to 10 February
    expect(step(layout, 1, "ArrowDown")).toBe(29); // 31 January to 28 February
    expect(step(layout, 0, "PageDown")).toBe(39);
  });

  it("goes to both ends, and leaves other keys alone", () => {
    expect(step(layout, 7, "Home")).toBe(0);
    expect(step(layout, 7, "End")).toBe(39);
    expect(step(layout, 7, "a")).toBeNull();
  });

  it("finds the slot under a point, and none where there is none", () => {
    const under = (column: number, row: number) => indexAt(layout, NAMES + column * CELL + 1, row * LINE + 1);
    expect(under(0, 1)).toBe(2);
    expect(under(29, 0)).toBe(0);
    expect(under(3, 0)).toBeNull();
    expect(under(3, 9)).toBeNull();
    expect(indexAt(layout, 3, 3)).toBeNull();
  });
});

it("intervals of an ended backfill do not wait any more", () => {
  const slots = [{ state: "waiting" }, { state: "success" }];
  expect(shown(slots, false)).toBe(slots);
  expect(shown(slots, true)).toEqual([{ state: "left_out" }, { state: "success" }]);
});

it("slots are counted by state", () => {
  expect(tally([{ state: "failed" }, { state: "success" }, { state: "failed" }])).toEqual({ failed: 2, success: 1 });
});
