import { expect, test } from "vitest";
import {
  arrived,
  boxOf,
  columnsIn,
  fitting,
  leftAfter,
  linesIn,
  placeAt,
  reveal,
  step,
  type View,
  wholeOf,
} from "~/grid/view";

const view: View = {
  names: 100,
  strip: 50,
  wide: 10,
  high: 20,
  lines: 200,
  columns: 365,
  width: 600,
  height: 450,
  left: 1005,
  top: 210,
};

test("only what is in view is in the window, half cells included", () => {
  expect(linesIn(view)).toEqual({ first: 10, stop: 31 });
  expect(columnsIn(view)).toEqual({ first: 100, stop: 151 });
  expect(linesIn(view, 5)).toEqual({ first: 5, stop: 36 });
});

test("a window that is larger than all there is, or has no size, holds no more than there is", () => {
  expect(linesIn({ ...view, lines: 3, top: 0 })).toEqual({ first: 0, stop: 3 });
  expect(linesIn({ ...view, lines: 0, top: 0 })).toEqual({ first: 0, stop: 0 });
  expect(columnsIn({ ...view, width: 0, left: 0 })).toEqual({ first: 0, stop: 0 });
  expect(linesIn({ ...view, top: 99_999 })).toEqual({ first: 200, stop: 200 });
  expect(wholeOf(view)).toEqual({ width: 3750, height: 4050 });
});

test("a point finds its cell, and the cell its box", () => {
  expect(placeAt(view, 104, 60)).toEqual({ line: 11, column: 100 });
  expect(boxOf(view, { line: 11, column: 100 })).toEqual({ x: 95, y: 60, width: 10, height: 20 });
  expect(placeAt(view, 104, 49)).toEqual({ line: -1, column: 100 });
  expect(boxOf(view, { line: -1, column: 100 })).toEqual({ x: 95, y: 0, width: 10, height: 50 });
});

test("names, and what lies beyond the last cell, are no cells", () => {
  expect(placeAt(view, 99, 60)).toBeNull();
  expect(placeAt({ ...view, columns: 2, left: 0 }, 121, 60)).toBeNull();
  expect(placeAt({ ...view, lines: 2, top: 0 }, 104, 91)).toBeNull();
  expect(placeAt(view, 700, 60)).toBeNull();
});

test("a cell is brought into view by the shortest way", () => {
  expect(reveal(view, { line: 20, column: 120 })).toEqual({ left: 1005, top: 210 });
  expect(reveal(view, { line: 0, column: 0 })).toEqual({ left: 0, top: 0 });
  expect(reveal(view, { line: 199, column: 364 })).toEqual({ left: 3150, top: 3600 });
  expect(reveal(view, { line: -1, column: 99 })).toEqual({ left: 980, top: 210 });
});

test("older runs that come move nothing of what is seen", () => {
  expect(leftAfter({ ...view, columns: 465 }, 100, 0)).toBe(2005);
});

test("new runs move nothing, unless one looks at the newest", () => {
  expect(leftAfter({ ...view, columns: 366 }, 0, 1)).toBe(1005);
  expect(leftAfter({ ...view, columns: 366, left: 3150 }, 0, 1)).toBe(3160);
  expect(leftAfter({ ...view, columns: 20, left: 0 }, 0, 20)).toBe(0);
  expect(leftAfter({ ...view, columns: 80, left: 0 }, 40, 0)).toBe(300);
});

test("keys move within the grid and not beyond", () => {
  expect(step({ line: 0, column: 0 }, "ArrowLeft", view)).toEqual({ line: 0, column: 0 });
  expect(step({ line: 0, column: 0 }, "ArrowUp", view)).toEqual({ line: -1, column: 0 });
  expect(step({ line: 3, column: 5 }, "PageDown", view)).toEqual({ line: 22, column: 5 });
  expect(step({ line: 3, column: 5 }, "End", view)).toEqual({ line: 3, column: 364 });
  expect(step({ line: 3, column: 5 }, "Home", view)).toEqual({ line: 3, column: 0 });
  expect(step({ line: 3, column: 5 }, "q", view)).toBeNull();
  expect(fitting({ line: 300, column: 900 }, view)).toEqual({ line: 199, column: 364 });
});

test("what comes before the first run that is seen is older, whatever its number; the rest is newer", () => {
  expect(arrived([3, 4, 5], [1, 2, 3, 4, 5, 6], 0)).toEqual({ older: 2, newer: 1 });
  expect(arrived([9, 4, 5], [9, 1, 4, 2, 5], 1)).toEqual({ older: 1, newer: 1 });
  expect(arrived([3, 4], [3, 4], 1)).toEqual({ older: 0, newer: 0 });
});
