import { expect, test } from "vitest";
import { linesOf, stateOf, statesIn } from "~/grid/lines";
import type { Column } from "~/grid/sheet";

const row = (task_id: string, group = "", mapped = false) => ({ task_id, group, mapped, kind: "task", gone: false });
const rows = [
  row("get"),
  row("heavy.a", "heavy"),
  row("heavy.in.b", "heavy.in", true),
  row("end"),
  row("heavy.c", "heavy"),
];

test("groups stand where their first task does, with all their tasks below them", () => {
  const lines = linesOf(rows, new Set());
  expect(lines.map((one) => [one.name, one.depth, one.group])).toEqual([
    ["get", 0, false],
    ["heavy", 0, true],
    ["a", 1, false],
    ["in", 1, true],
    ["b", 2, false],
    ["c", 1, false],
    ["end", 0, false],
  ]);
  expect(lines[1]?.rows).toEqual([1, 2, 4]);
});

test("a folded group is one line", () => {
  expect(linesOf(rows, new Set(["heavy"])).map((one) => one.id)).toEqual(["get", "heavy/", "end"]);
  expect(linesOf(rows, new Set(["heavy.in"])).map((one) => one.full)).toContain("heavy.in");
});

test("a text leaves tasks that contain it, whatever its case, and their groups", () => {
  expect(linesOf(rows, new Set(), " IN.b").map((one) => one.id)).toEqual(["heavy/", "heavy.in/", "heavy.in.b"]);
  expect(linesOf(rows, new Set(), "nothing")).toEqual([]);
});

const letters = { s: "success", f: "failed", p: "pending" };
const column = (codes: string, items: [number, Record<string, number>][] = []) =>
  ({ codes, items: new Map(items) }) as unknown as Column;

test("a group counts the states of its tasks, and not those that a run has not got", () => {
  const [, heavy] = linesOf(rows, new Set(["heavy"]));
  expect(heavy && statesIn(heavy, column("ssf.s"), letters)).toEqual({ success: 2, failed: 1 });
});

test("a mapped task shows what matters most of its items, and its own state where it has none yet", () => {
  expect(stateOf(2, column("sspss", [[2, { success: 58, failed: 2 }]]), letters)).toBe("failed");
  expect(stateOf(2, column("sspss"), letters)).toBe("pending");
  expect(stateOf(2, column("ss"), letters)).toBe("");
});

test("right-to-left names and names without their group's prefix stay whole", () => {
  expect(linesOf([row("تحميل"), row("free", "other")], new Set()).map((one) => one.name)).toEqual([
    "تحميل",
    "other",
    "free",
  ]);
});
