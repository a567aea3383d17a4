import { expect, test } from "vitest";
import type { Grid } from "~/api/schema";
import { afterNews, byInterval, chosen, sheetOf, stampOf } from "~/grid/sheet";

function page(tasks: string[], runs: [number, string][], next: string | null = null): Grid {
  return {
    dag_id: "d",
    letters: { s: "success", ".": "" },
    rows: tasks.map((task_id) => ({ task_id, group: "", kind: "task", mapped: false, gone: false })),
    columns: runs.map(([number, codes]) => ({
      run_id: `d@${number}`,
      number,
      state: number % 2 ? "success" : "failed",
      kind: number > 5 ? "manual" : "scheduled",
      key: String(number),
      created_at: "2026-11-03T00:00:00Z",
      started_at: null,
      seconds: 1,
      version: 1,
      codes,
      items: [[0, { success: number }]],
    })),
    next,
  };
}

test("a sheet has the oldest run first, and a run of two pages once, from the newer page", () => {
  const sheet = sheetOf([
    page(
      ["a"],
      [
        [5, "s"],
        [4, "f"],
      ],
    ),
    page(
      ["a"],
      [
        [4, "r"],
        [3, "s"],
      ],
    ),
  ]);
  expect(sheet.columns.map((one) => [one.number, one.codes])).toEqual([
    [3, "s"],
    [4, "f"],
    [5, "s"],
  ]);
});

test("the columns of a page with other rows follow the rows of the sheet, their items too", () => {
  const sheet = sheetOf([page(["a", "b"], [[5, "sf"]]), page(["old", "a"], [[3, "hs"]])]);
  expect(sheet.rows.map((one) => one.task_id)).toEqual(["a", "b", "old"]);
  expect(sheet.columns.map((one) => one.codes)).toEqual(["s.h", "sf"]);
  expect([...(sheet.columns[0]?.items ?? [])]).toEqual([[2, { success: 3 }]]);
});

test("runs that leave the first page are not lost", () => {
  const news = afterNews(
    page(
      ["a"],
      [
        [5, "s"],
        [4, "f"],
      ],
      "x",
    ),
    page(
      ["a"],
      [
        [7, "s"],
        [6, "s"],
        [5, "s"],
      ],
      "y",
    ),
    null,
  );
  expect(news?.strays?.columns?.map((one) => one.number)).toEqual([4]);
  const again = afterNews(
    page(
      ["a", "b"],
      [
        [7, "ss"],
        [5, "ss"],
      ],
      "x",
    ),
    page(
      ["a"],
      [
        [8, "s"],
        [7, "s"],
      ],
      "y",
    ),
    news?.strays ?? null,
  );
  expect(again?.strays?.columns?.map((one) => [one.number, one.codes])).toEqual([
    [5, "ss"],
    [4, "f"],
  ]);
});

test("a first page that does not reach the one before starts again", () => {
  expect(
    afterNews(
      page(
        ["a"],
        [
          [5, "s"],
          [4, "f"],
        ],
        "x",
      ),
      page(
        ["a"],
        [
          [9, "s"],
          [8, "s"],
        ],
        "y",
      ),
      null,
    ),
  ).toBeNull();
});

test("a first page that is all there is has no strays, and a forgotten run is gone", () => {
  expect(
    afterNews(
      page(
        ["a"],
        [
          [5, "s"],
          [4, "f"],
        ],
      ),
      page(["a"], [[5, "s"]]),
      null,
    ),
  ).toEqual({ strays: null });
  expect(afterNews(page(["a"], []), page(["a"], [[9, "s"]], "y"), null)).toEqual({ strays: null });
});

test("columns are chosen by state and kind", () => {
  const { columns } = sheetOf([
    page(
      ["a"],
      [
        [7, "s"],
        [6, "s"],
        [5, "s"],
        [4, "s"],
      ],
    ),
  ]);
  expect(chosen(columns, "", "").length).toBe(4);
  expect(chosen(columns, "failed", "").map((one) => one.number)).toEqual([4, 6]);
  expect(chosen(columns, "failed", "manual").map((one) => one.number)).toEqual([6]);
});

test("a column stands for its interval, else for its beginning", () => {
  const created_at = "2026-11-03T00:00:00Z";
  expect(stampOf({ key: "2026-10-30", created_at }, () => "x")).toBe("2026-10-30 00:00");
  expect(stampOf({ key: "2026-10-30T06:00+01:00", created_at }, () => "x")).toBe("2026-10-30 06:00");
  expect(stampOf({ key: "manual-12", created_at }, (at) => at)).toBe(created_at);
});

test("by interval a run that was made late stands at its interval, a second one behind the first", () => {
  const { columns } = sheetOf([
    page(
      ["a"],
      [
        [4, "s"],
        [3, "s"],
        [2, "s"],
        [1, "s"],
      ],
    ),
  ]);
  const days = ["", "2026-11-01", "2026-11-02", "2026-11-03", "2026-11-01.2"];
  const sorted = byInterval(columns, (one) => (days[one.number] ?? "").slice(0, 10));
  expect(sorted.map((one) => one.number)).toEqual([1, 4, 2, 3]);
});
