import { expect, test } from "vitest";
import { above, besides, pixels, placeOf, widthOf } from "~/grid/layout";
import type { Line } from "~/grid/lines";
import type { Column } from "~/grid/sheet";
import { boxOf, type View } from "~/grid/view";

const lines = ["a", "b", "c"].map((id) => ({ id, name: id, depth: 0 }) as Line);
const columns = [7, 8, 9].map((number) => ({ number }) as Column);
const size = { width: 800, height: 600 };

test("a cell is found by name again, wherever runs that came have pushed it", () => {
  expect(placeOf({ run: 8, line: "c" }, lines, columns)).toEqual({ line: 2, column: 1 });
  expect(placeOf({ run: 8, line: null }, lines, columns)).toEqual({ line: -1, column: 1 });
});

test("a cell that is not there is the newest run's first line", () => {
  expect(placeOf(null, lines, columns)).toEqual({ line: 0, column: 2 });
  expect(placeOf({ run: 3, line: "gone" }, lines, columns)).toEqual({ line: 0, column: 2 });
});

test("names leave a phone more than half of its width, and never take more than they need", () => {
  const long = [{ name: "x".repeat(200), depth: 0 } as Line];
  expect(widthOf(long, 390)).toBe(156);
  expect(widthOf(long, 4_000)).toBe(300);
  expect(widthOf(lines, 1_200)).toBe(96);
});

test("the card lies in the window and never over the line of its cell", () => {
  const box = (x: number, y: number) => ({ x, y, width: 18, height: 22 });
  expect(besides(box(100, 80), size)).toEqual({ left: 124, top: 105 });
  expect(besides(box(700, 80), size).left).toBe(414);
  expect(above(box(100, 80), size)).toBe(false);
  expect(above(box(100, 500), size)).toBe(true);
  expect(besides(box(100, 500), size).top).toBe(497);
});

test("a cell lies where the painted one does", () => {
  const view: View = { names: 100, strip: 78, wide: 18, high: 22, lines: 9, columns: 9, ...size, left: 10, top: 5 };
  const box = boxOf(view, { line: 2, column: 3 });
  expect(pixels(box, view)).toEqual({ left: "44px", top: "117px", width: "18px", height: "22px" });
});
