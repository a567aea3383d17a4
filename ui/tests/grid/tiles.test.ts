import { beforeEach, expect, test, vi } from "vitest";
import { Tiles } from "~/grid/tiles";

beforeEach(() => {
  // jsdom has no canvas of its own
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue({ scale: () => undefined } as never);
});

test("a tile is painted once, and again when what it shows is another", () => {
  const tiles = new Tiles();
  const paint = vi.fn();
  const data = {};
  tiles.renew(data, 1);
  const piece = tiles.get("0 0", 10, 10, 2, paint);
  tiles.renew(data, 1);
  expect(tiles.get("0 0", 10, 10, 2, paint)).toBe(piece);
  expect(paint).toHaveBeenCalledTimes(1);
  expect([piece.width, piece.height]).toEqual([20, 20]);
  tiles.renew({}, 1);
  tiles.get("0 0", 10, 10, 2, paint);
  expect(paint).toHaveBeenCalledTimes(2);
});

test("those used last are kept", () => {
  const tiles = new Tiles();
  const paint = vi.fn();
  for (const name of ["a", "b", "c", "a"]) tiles.get(name, 1, 1, 1, paint);
  tiles.trim(2);
  paint.mockClear();
  for (const name of ["c", "a"]) tiles.get(name, 1, 1, 1, paint);
  expect(paint).not.toHaveBeenCalled();
  tiles.get("b", 1, 1, 1, paint);
  expect(paint).toHaveBeenCalledTimes(1);
});
