import { describe, expect, test } from "vitest";
import { miniOf, paneOf, viewAt } from "~/graph/minimap";
import { seen } from "~/graph/view";

const screen = { width: 1_000, height: 500 };

describe("minimap", () => {
  test("the plane keeps its shape in it, and a chain is no line", () => {
    expect(miniOf({ width: 3_000, height: 1_500 }, screen)).toMatchObject({ width: 220, height: 110 });
    expect(miniOf({ width: 100_000, height: 48 }, screen)).toMatchObject({ width: 220, height: 16 });
    expect(miniOf({ width: 3_000, height: 1_500 }, { width: 300, height: 400 }).width).toBe(90);
  });
  test("what is on the screen is a pane inside it", () => {
    const mini = miniOf({ width: 4_400, height: 2_200 }, screen); // a twentieth
    expect(paneOf({ x: 0, y: 0, k: 1 }, screen, mini)).toEqual([0, 0, 50, 25]);
    expect(paneOf({ x: 400, y: 0, k: 0.5 }, screen, mini)).toEqual([0, 0, 60, 50]);
    expect(paneOf({ x: -90_000, y: 0, k: 1 }, screen, mini)).toEqual([218, 0, 2, 25]);
  });
  test("a point of it comes to the middle of the screen", () => {
    const mini = miniOf({ width: 4_400, height: 2_200 }, screen); // a twentieth
    const rect = seen(viewAt({ x: 7, y: 7, k: 0.5 }, screen, mini, 75, 37.5), screen);
    expect([(rect.left + rect.right) / 2, (rect.top + rect.bottom) / 2]).toEqual([1_500, 750]);
  });
});
