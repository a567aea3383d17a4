import { describe, expect, test } from "vitest";
import { fold } from "~/graph/fold";
import { layered } from "~/graph/layered";
import { Scene } from "~/graph/scene";
import { Overlay } from "~/graph/status";
import { fromRight, inside, shortened } from "~/graph/text";
import { find, step } from "~/graph/walk";
import { graph } from "./made";

const measure = (text: string) => [...new Intl.Segmenter().segment(text)].length;

describe("names", () => {
  test("a long name is cut in its middle", () => {
    expect(shortened("load_prices_of_the_day", 11, measure)).toBe("load_…e_day");
    expect(shortened("short", 11, measure)).toBe("short");
  });
  test("what people see as one letter is never cut", () => {
    const family = "👩‍👩‍👧‍👦";
    expect(shortened(family.repeat(8), 5, measure)).toBe(`${family.repeat(2)}…${family.repeat(2)}`);
  });
  test("no room at all leaves the dots", () => {
    expect(shortened("x".repeat(250), 0, measure)).toBe("…");
  });
  test("which way a name is read", () => {
    expect(fromRight("1_משימה")).toBe(true);
    expect(fromRight("task_משימה")).toBe(false);
    expect(fromRight("🧹")).toBe(false);
  });
  test("a group's name is not said twice", () => {
    expect(inside("g.a", "g")).toBe("a");
    expect(inside("ga", "g")).toBe("ga");
    expect(inside("g.", "g")).toBe("g.");
  });
  test("a search finds beginnings first, whatever the case", () => {
    expect(find(["reload", "g.load", "Load_2", "other"], "LOAD")).toEqual(["g.load", "Load_2", "reload"]);
    expect(find(["a"], "  ")).toEqual([]);
  });
});

describe("walk", () => {
  const folded = fold(graph("a>b a>c b>d c>d"), new Set());
  const layout = layered(folded);
  const at = (id: string) => folded.ids.indexOf(id);
  const walk = (id: string, key: Parameters<typeof step>[3]) => {
    const box = step(folded, layout, at(id), key);
    return box === undefined ? undefined : folded.ids[box];
  };
  test("right and left go along edges", () => {
    expect(["b", "c"]).toContain(walk("a", "ArrowRight"));
    expect(walk("b", "ArrowRight")).toBe("d");
    expect(walk("b", "ArrowLeft")).toBe("a");
    expect(walk("a", "ArrowLeft")).toBeUndefined();
  });
  test("up and down stay in the rank", () => {
    const [high, low] = (layout.y[at("b")] as number) < (layout.y[at("c")] as number) ? ["b", "c"] : ["c", "b"];
    expect(walk(high as string, "ArrowDown")).toBe(low);
    expect(walk(low as string, "ArrowUp")).toBe(high);
    expect(walk(low as string, "ArrowDown")).toBeUndefined();
  });
});

describe("scene", () => {
  const page = graph("clean>work work>g.a g.a>g.b", {
    clean: { state: "success", seconds: 3.2, role: "transform" },
    work: { state: "failed", mapped: true, counts: { success: 59, failed: 1 }, seconds: 12.34 },
    "g.a": { state: "upstream_failed", blast: true },
    "g.b": { state: "pending", blast: true },
  });
  const made = (closed: string[] = []) => {
    const overlay = new Overlay(page);
    const folded = fold(page, new Set(closed));
    return { overlay, scene: new Scene(page, folded, layered(folded), overlay) };
  };
  test("a box says everything that its colours say", () => {
    const { scene } = made();
    expect(scene.told(0)).toBe("clean, success, 3.2 s, transform");
    expect(scene.told(1)).toBe("work, failed, 12 s, ×60, 1 failed 59 success");
    expect(scene.told(2)).toBe("g.a, upstream failed, downstream of a failure");
    expect(scene.name(2)).toBe("a");
  });
  test("a closed group says what is in it, and changes with it", () => {
    const { scene, overlay } = made(["g"]);
    const box = scene.boxOf("g.b") as number;
    expect(box).toBe(scene.boxOf("g"));
    expect(scene.told(box)).toBe("group g, pending, 2 tasks, 1 upstream failed 1 pending, downstream of a failure");
    overlay.event({ kind: "task", task: "g.b", new: "held", at: "2026-11-03T06:00:00Z", why: "" } as never);
    expect(scene.changed("g.b")).toBe(box);
    expect(scene.status(box).state).toBe("held");
  });
  test("the culprit is the first that failed, else the first that is held", () => {
    const { scene, overlay } = made();
    expect(scene.culprit()).toBe("work");
    overlay.answer({
      ...page,
      nodes: page.nodes.map((node) => ({ ...node, state: node.id === "g.a" ? "held" : "success" })),
    });
    expect(scene.culprit()).toBe("g.a");
    expect(scene.counts()).toEqual({ success: 3, held: 1 });
  });
});
