import { describe, expect, test } from "vitest";
import { around, boxAt, boxesIn, indexOf } from "~/graph/index";
import { BOX } from "~/graph/layered";
import { allOf, centre, holds, opening, openingOn, pan, READABLE, resized, reveal, seen, zoom } from "~/graph/view";

const x = Float32Array.from({ length: 400 }, (_, i) => (i % 20) * 254);
const y = Float32Array.from({ length: 400 }, (_, i) => Math.floor(i / 20) * 68);
const index = indexOf({ x, y, width: 20 * 254, height: 20 * 68 });

describe("index", () => {
  test("it finds what a rectangle touches, as looking at every box would", () => {
    const rects = [
      { left: 300, top: 100, right: 1_200, bottom: 700 },
      { left: -50, top: -50, right: 10, bottom: 10 },
      { left: 600, top: 520, right: 640, bottom: 524 }, // boxes of the buckets before
      { left: 3_000, top: 1_000, right: 9_000, bottom: 9_000 },
    ];
    for (const r of rects) {
      const slow = Array.from(x, (_, i) => i).filter(
        (i) =>
          (x[i] as number) <= r.right &&
          (x[i] as number) + BOX.width >= r.left &&
          (y[i] as number) <= r.bottom &&
          (y[i] as number) + BOX.height >= r.top,
      );
      expect(boxesIn(index, r).sort((a, b) => a - b)).toEqual(slow);
    }
  });
  test("a point is on its box, or on none", () => {
    expect(boxAt(index, 255, 69)).toBe(21);
    expect(boxAt(index, 200, 10)).toBeUndefined();
    expect(boxAt(index, 195, 10, 10)).toBe(0);
  });
  test("around boxes is a rectangle, around none nothing", () => {
    expect(around([0, 21], { x, y })).toEqual({ left: 0, top: 0, right: 254 + BOX.width, bottom: 68 + BOX.height });
    expect(around([], { x, y })).toBeUndefined();
  });
});

describe("view", () => {
  const size = { width: 1_000, height: 500 };
  const whole = { left: 0, top: 0, right: 4_000, bottom: 1_000 };

  test("what is under the pointer stays there while one zooms", () => {
    const view = { x: 30, y: -20, k: 0.5 };
    const near = zoom(view, 1.7, 400, 100);
    expect((400 - near.x) / near.k).toBeCloseTo((400 - view.x) / view.k);
    expect((100 - near.y) / near.k).toBeCloseTo((100 - view.y) / view.k);
  });
  test("zoom ends somewhere on both sides", () => {
    const view = { x: 0, y: 0, k: 1 };
    expect(zoom(view, 1e9, 0, 0).k).toBeLessThan(5);
    expect(zoom(view, 1e-9, 0, 0).k).toBeGreaterThan(0);
  });
  test("all of it is seen after fitting", () => {
    const rect = seen(allOf(whole, size), size);
    expect(rect.left).toBeLessThan(0);
    expect(rect.right).toBeGreaterThan(4_000);
    expect(rect.bottom).toBeGreaterThan(1_000);
    expect(allOf({ left: 0, top: 0, right: 10, bottom: 10 }, size).k).toBe(1);
  });
  test("a small graph opens readable, a large one whole", () => {
    expect(opening(whole, size, 20).k).toBeGreaterThan(READABLE);
    expect(seen(opening(whole, size, 20), size).left).toBeLessThanOrEqual(0);
    expect(opening(whole, size, 5_000)).toEqual(allOf(whole, size));
  });
  test("a failure is in the first view, with what it stops if there is room", () => {
    const culprit = { left: 3_000, top: 900, right: 3_190, bottom: 950 };
    const near = { ...culprit, right: 3_700 };
    const large = { left: 0, top: 0, right: 40_000, bottom: 20_000 };
    for (const blast of [near, { left: 3_000, top: 0, right: 30_000, bottom: 9_000 }])
      for (const some of [size, { width: 340, height: 400 }]) {
        const view = openingOn(culprit, blast, large, some);
        const rect = seen(view, some);
        expect(view.k).toBeGreaterThan(READABLE);
        expect(rect.left <= culprit.left && rect.right >= culprit.right).toBe(true);
        expect(rect.top <= culprit.top && rect.bottom >= culprit.bottom).toBe(true);
      }
    expect(seen(openingOn(culprit, near, large, size), size).right).toBeGreaterThan(near.right);
    const small = { left: 2_500, top: 800, right: 3_800, bottom: 1_000 };
    expect(openingOn(culprit, near, small, size)).toEqual(allOf(small, size));
  });
  test("what is in view already does not move", () => {
    const view = centre(whole, size, 1);
    const inView = { left: 1_900, top: 480, right: 2_090, bottom: 526 };
    expect(reveal(view, inView, size)).toBe(view);
    const moved = reveal(pan(view, -2_000, 0), inView, size);
    expect(seen(moved, size).left).toBeLessThan(inView.left);
  });
});

describe("another size of the screen", () => {
  const whole = { left: 0, top: 0, right: 800, bottom: 100 };
  const wide = { width: 1_000, height: 500 };
  const view = allOf(whole, wide);

  test("where all was seen, all is seen again", () => {
    const narrow = resized(view, whole, undefined, wide, { width: 600, height: 500 });
    expect(holds(seen(narrow, { width: 600, height: 500 }), whole)).toBe(true);
    expect(narrow.k).toBeLessThan(view.k);
  });
  test("where names could not be read any more, what is picked is seen", () => {
    const picked = { left: 600, top: 20, right: 800, bottom: 70 };
    const size = { width: 300, height: 500 };
    const narrow = resized(view, whole, picked, wide, size);
    expect(narrow.k).toBe(view.k);
    expect(holds(seen(narrow, size), picked)).toBe(true);
    expect(resized(view, whole, undefined, wide, size)).toBe(view);
  });
  test("who had gone somewhere stays there", () => {
    const near = pan(view, -400, 0);
    expect(resized(near, whole, undefined, wide, { width: 900, height: 500 })).toBe(near);
  });
});
