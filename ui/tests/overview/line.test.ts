import { expect, test } from "vitest";
import type { Coming, Mark } from "~/api/schema";
import { duesOf, hoursOf, piecesOf, shareOf, spanOf } from "~/pages/overview/line";

const NOW = Date.parse("2026-11-03T06:02:00Z");
const HOUR = 3_600_000;
const SPAN = spanOf(NOW, 24);

function comes(dues: string[], seconds: number | null = null, count = dues.length): Coming {
  const [first = "", last = first] = [dues[0], dues.at(-1)];
  return { dag_id: "a", due: first, key: "k", last, count, dues, expected_seconds: seconds, risk: "" };
}

const at = (hours: number) => new Date(NOW + hours * HOUR).toISOString();

test("the line begins an hour before now, and moves every five minutes", () => {
  expect(SPAN).toEqual(spanOf(NOW + 60_000, 24));
  expect(SPAN.end - SPAN.start).toBe(25 * HOUR);
  expect(shareOf(NOW, SPAN)).toBeCloseTo(1 / 25, 2);
});

test("a run is as wide as it is expected to take, and never too narrow to see", () => {
  const [wide] = piecesOf(comes([at(1)], 2.5 * 3600), [], SPAN);
  expect(wide?.width).toBeCloseTo(0.1);
  const [narrow] = piecesOf(comes([at(1)], 0.1), [], SPAN);
  expect(narrow?.width).toBeGreaterThan(0.005);
});

test("runs that would touch are one band", () => {
  const often = Array.from({ length: 90 }, (_, n) => at(n / 4));
  const pieces = piecesOf(comes(often), [], SPAN);
  expect(pieces).toHaveLength(1);
  expect(pieces[0]).toMatchObject({ kind: "band", count: 90 });
  expect(piecesOf(comes([at(1), at(2), at(3)]), [], SPAN).map((piece) => piece.kind)).toEqual(["due", "due", "due"]);
});

test("nothing leaves the line", () => {
  const [piece] = piecesOf(comes([at(23)], 10 * 3600), [], SPAN);
  expect((piece?.left ?? 0) + (piece?.width ?? 0)).toBeLessThanOrEqual(1);
  const [before] = piecesOf(comes([at(-3)]), [], SPAN);
  expect(before?.left).toBe(0);
});

test("where there are too many to tell, they are spread evenly from the first to the last", () => {
  const coming = { ...comes([]), due: at(1), last: at(3), count: 3 };
  expect(duesOf(coming)).toEqual([1, 2, 3].map((hours) => Date.parse(at(hours))));
  expect(duesOf({ ...coming, last: coming.due, count: 1 })).toEqual([Date.parse(at(1))]);
});

test("a run that goes on reaches from its beginning to where it should end", () => {
  const run = { state: "running", started_at: at(-0.5) } as Mark;
  const [piece] = piecesOf(undefined, [run, { ...run, state: "success" } as Mark], SPAN);
  expect(piece).toMatchObject({ kind: "running" });
  const [long] = piecesOf(comes([at(5)], 5 * 3600), [run], SPAN);
  expect(long?.width).toBeCloseTo(0.2);
  const before = { state: "success", seconds: 5 * 3600 } as Mark;
  expect(piecesOf(undefined, [run, before], SPAN)[0]?.width).toBeCloseTo(0.2);
});

test("hours are those of the zone, also where it lies half an hour off", () => {
  expect(hoursOf(SPAN, "UTC", 6).map((tick) => tick.text)).toEqual(["06:00", "12:00", "18:00", "00:00", "06:00"]);
  const ticks = hoursOf(SPAN, "Asia/Kolkata", 6);
  expect(ticks.map((tick) => tick.text)).toEqual(["12:00", "18:00", "00:00", "06:00"]);
  expect(ticks[0]?.left).toBeCloseTo(shareOf(Date.parse("2026-11-03T06:30:00Z"), SPAN));
});
