import { describe, expect, it } from "vitest";
import { nearest, plainOf, spansOf } from "~/pages/attempt/ansi";

const looks = (text: string) => spansOf(text).map((span) => [span.text, span.look]);

describe("text with colour codes", () => {
  it("is one span without codes, and none when it is empty", () => {
    expect(looks("plain")).toEqual([["plain", ""]]);
    expect(looks("")).toEqual([]);
  });

  it("takes its colour from a code to the next", () => {
    expect(looks("a\x1b[31mb\x1b[0mc")).toEqual([
      ["a", ""],
      ["b", "ink-red"],
      ["c", ""],
    ]);
  });

  it("adds up what codes say", () => {
    expect(looks("\x1b[1;32;44mx\x1b[22my\x1b[39mz\x1b[49m!")).toEqual([
      ["x", "ink-green ground-blue bold"],
      ["y", "ink-green ground-blue"],
      ["z", "ground-blue"],
      ["!", ""],
    ]);
  });

  it("is reset by an empty code", () => {
    expect(looks("\x1b[31mred\x1b[mplain")).toEqual([
      ["red", "ink-red"],
      ["plain", ""],
    ]);
  });

  it("turns ink and ground, also where there are none", () => {
    expect(looks("\x1b[7mx")).toEqual([["x", "ink-turned ground-turned"]]);
    expect(looks("\x1b[31;42;7mx\x1b[27my")).toEqual([
      ["x", "ink-green ground-red"],
      ["y", "ink-red ground-green"],
    ]);
  });

  it("knows the bright colours and grey", () => {
    expect(looks("\x1b[91mx\x1b[90my\x1b[102mz")).toEqual([
      ["x", "ink-red"],
      ["y", "ink-grey"],
      ["z", "ink-grey ground-green"],
    ]);
  });

  it("takes the nearest of the eight for larger palettes, and reads on behind them", () => {
    expect(looks("\x1b[38;5;208;1mx")).toEqual([["x", "ink-yellow bold"]]);
    expect(looks("\x1b[38;5;9mx\x1b[48;5;244my")).toEqual([
      ["x", "ink-red"],
      ["y", "ink-red ground-grey"],
    ]);
    expect(looks("\x1b[38;2;30;60;220;4mx")).toEqual([["x", "ink-blue under"]]);
    expect(looks("\x1b[38:2:30:60:220mx")).toEqual([["x", "ink-blue"]]);
  });

  it("shows no colour where a code of a palette is cut short", () => {
    expect(looks("\x1b[38;2;1mx\x1b[38mx\x1b[38;5mx")).toEqual([["xxx", ""]]);
  });

  it("drops every other code, and signs that steer", () => {
    expect(looks("a\x1b[2Jb\x1b[10;20Hc\x07\x00d\x9be")).toEqual([["abcde", ""]]);
    expect(plainOf("a\x1b[31mb\x1b[Kc\td\ne")).toBe("abc\td\ne");
  });

  it("keeps what looks like a tag as text", () => {
    expect(looks("<img onerror=x>")).toEqual([["<img onerror=x>", ""]]);
  });
});

describe("the nearest of the eight colours", () => {
  it.each([
    [255, 0, 0, "red"],
    [255, 165, 0, "yellow"],
    [0, 128, 0, "green"],
    [0, 200, 200, "cyan"],
    [30, 60, 220, "blue"],
    [200, 30, 200, "magenta"],
    [255, 0, 40, "red"],
    [10, 10, 10, "black"],
    [120, 120, 120, "grey"],
    [250, 250, 250, "white"],
  ])("of %i, %i, %i is %s", (red, green, blue, name) => {
    expect(nearest(red, green, blue)).toBe(name);
  });
});
