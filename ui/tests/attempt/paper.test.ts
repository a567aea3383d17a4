import { describe, expect, it } from "vitest";
import type { LogLine } from "~/api/schema";
import { indexOf, LONGEST, lineAt, placesOf, rowCount, rowsOf, textOf } from "~/pages/attempt/paper";

function line(msg: string, more: Partial<LogLine> = {}): LogLine {
  return { offset: 0, t: "", stream: "out", msg, level: null, fields: null, cut: false, ...more };
}
const texts = (one: LogLine, columns: number, wanted = "") =>
  rowsOf(one, columns, wanted).map((row) => row.spans.map((span) => span.text).join(""));

const SAMPLES = [
  "",
  "short",
  "x".repeat(95),
  "x".repeat(20),
  "two\nlines",
  "\n\nempty\n",
  "\ttab\tand tab",
  "\x1b[31mred that is rather long to be seen\x1b[0m\nand more",
  "你好".repeat(17),
  "a\u0301e\u0301".repeat(30),
  "שלום مرحبا ".repeat(9),
  "😀".repeat(23),
  "a\x00b\x07c\x9bd".repeat(9),
];

describe("rows of a line", () => {
  it.each(SAMPLES)("are as many as were counted: %j", (msg) => {
    for (const columns of [0, 1, 7, 20, 80]) {
      expect(rowsOf(line(msg), columns)).toHaveLength(rowCount(line(msg), columns));
      const record = line(msg, { stream: "log", fields: { symbol: "BTC", n: [1, 2], text: "a\nb" } });
      expect(rowsOf(record, columns)).toHaveLength(rowCount(record, columns));
    }
  });

  it.each(SAMPLES)("lose nothing where they are broken: %j", (msg) => {
    expect(texts(line(msg), 7).join("")).toBe(textOf(line(msg)).replaceAll("\n", ""));
  });

  it("are broken where the paper ends", () => {
    expect(texts(line("abcdefgh"), 3)).toEqual(["abc", "def", "gh"]);
    expect(texts(line("你好吗"), 4)).toEqual(["你好", "吗"]);
  });

  it("keep their colours behind a break", () => {
    const rows = rowsOf(line("\x1b[31mabcdef"), 4);
    expect(rows.map((row) => row.spans)).toEqual([
      [{ text: "abcd", look: "ink-red" }],
      [{ text: "ef", look: "ink-red" }],
    ]);
  });

  it("are cut where they would be too long to draw, and say by how much", () => {
    const [row] = rowsOf(line("x".repeat(LONGEST + 5)), 0);
    expect(row?.rest).toBe(5);
    expect(row?.spans[0]?.text).toHaveLength(LONGEST);
  });

  it("tell the fields of a record behind the first row", () => {
    const record = line("Traceback\n  File", { stream: "log", fields: { error: "ValueError" } });
    expect(texts(record, 0)).toEqual(["Traceback  error=ValueError", "  File"]);
  });

  it("mark what is looked for, whatever its case, also over colours", () => {
    const [row] = rowsOf(line("a \x1b[31mNEE\x1b[0mdle b"), 0, "needle");
    expect(row?.spans.filter((span) => span.look.includes("hit")).map((span) => [span.text, span.look])).toEqual([
      ["NEE", "ink-red hit"],
      ["dle", "hit"],
    ]);
    expect(texts(line("İ needle"), 0, "needle")).toEqual(["İ needle"]);
  });
});

describe("where lines stand", () => {
  const lines = ["one", "two\nlines", "three", "x".repeat(50)].map((msg, n) => line(msg, { offset: n * 100 }));

  it("is told in rows", () => {
    expect(placesOf(lines, 0).tops).toEqual([0, 1, 3, 4, 5]);
    expect(placesOf(lines, 20).tops).toEqual([0, 1, 3, 4, 7]);
  });

  it("is the same whether lines came at once or one by one, before or behind", () => {
    let places = placesOf(lines.slice(1, 2), 20);
    for (const some of [lines.slice(1, 3), lines.slice(1), lines, lines.slice(2)]) {
      places = placesOf(some, 20, places);
      expect(places.tops).toEqual(placesOf(some, 20).tops);
    }
    expect(placesOf(lines, 0, placesOf(lines, 20)).tops).toEqual([0, 1, 3, 4, 5]);
  });

  it("finds the line of every row", () => {
    const places = placesOf(lines, 0);
    expect([0, 1, 2, 3, 4, 99].map((row) => lineAt(places, row))).toEqual([0, 1, 1, 2, 3, 3]);
    expect(lineAt(placesOf([], 0), 5)).toBe(0);
  });

  it("finds the line of every byte", () => {
    expect([0, 99, 100, 350, 9999].map((byte) => indexOf(lines, byte))).toEqual([0, 0, 1, 3, 3]);
    expect(indexOf(lines.slice(1), 50)).toBe(-1);
  });
});
