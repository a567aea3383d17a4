import { describe, expect, test } from "vitest";
import type { Event } from "~/api/schema";
import { moved, Overlay, together, worstOf } from "~/graph/status";
import { graph } from "./made";

function event(task: string, old: string, now: string, more: Partial<Event> = {}): Event {
  return {
    seq: 1,
    at: "2026-11-03T06:00:00Z",
    kind: "task",
    task,
    old,
    new: now,
    why: "",
    actor: "",
    ...more,
  } as Event;
}

describe("overlay", () => {
  const page = graph("a>b", {
    a: { state: "running", why: "it runs", started_at: "2026-11-03T06:00:00Z" },
    b: { state: "pending", mapped: true, counts: { pending: 3 }, blast: true },
  });

  test("an event moves its task alone, at once", () => {
    const overlay = new Overlay(page);
    const before = overlay.get("b");
    expect(overlay.event(event("a", "running", "failed", { why: "it broke" }))).toBe("a");
    expect(overlay.get("a")).toMatchObject({ state: "failed", why: "it broke" });
    expect(overlay.get("b")).toBe(before);
  });
  test("an event that changes nothing changes nothing", () => {
    const overlay = new Overlay(page);
    expect(overlay.event(event("a", "queued", "running", { why: "it runs" }))).toBeUndefined();
    expect(overlay.event(event("gone", "queued", "running"))).toBeUndefined();
    expect(overlay.event(event("a", "running", "failed", { kind: "hook" }))).toBeUndefined();
  });
  test("an item moves the counts of its task, and what matters most is shown", () => {
    const overlay = new Overlay(page);
    overlay.event(event("b", "pending", "success", { map_index: 0 }));
    expect(overlay.get("b")).toMatchObject({ state: "pending", counts: { pending: 2, success: 1 } });
    overlay.event(event("b", "pending", "failed", { map_index: 1, why: "no file" }));
    expect(overlay.get("b")).toMatchObject({
      state: "failed",
      counts: { pending: 1, success: 1, failed: 1 },
      why: "no file",
    });
  });
  test("how long it took is known from its own events", () => {
    const overlay = new Overlay(graph("a", { a: { state: "queued" } }));
    overlay.event(event("a", "queued", "running", { at: "2026-11-03T06:00:00Z" }));
    expect(overlay.get("a").seconds).toBeNull();
    overlay.event(event("a", "running", "success", { at: "2026-11-03T06:00:03.2Z" }));
    expect(overlay.get("a").seconds).toBeCloseTo(3.2);
  });
  test("what runs lasts on with the clock, from when the answer says it began, until its event ends it", () => {
    const overlay = new Overlay(graph("a", { a: { state: "running", started_at: "2026-11-03T06:00:00Z" } }));
    expect(overlay.lasting(overlay.get("a"))).toBeNull();
    overlay.now = Date.parse("2026-11-03T06:00:07Z");
    expect(overlay.lasting(overlay.get("a"))).toBe(7);
    overlay.event(event("a", "running", "success", { at: "2026-11-03T06:00:09Z" }));
    overlay.now += 60_000;
    expect(overlay.lasting(overlay.get("a"))).toBe(9);
  });
  test("an answer changes what it says otherwise, and nothing else", () => {
    const overlay = new Overlay(page);
    const before = overlay.get("b");
    const next = graph("a>b", {
      ...Object.fromEntries(page.nodes.map((n) => [n.id, n])),
      a: { state: "success", seconds: 2 },
    });
    expect(overlay.answer(next)).toEqual(["a"]);
    expect(overlay.get("b")).toBe(before);
  });
  test("an answer that was asked for before an event does not undo it", () => {
    const overlay = new Overlay(page);
    overlay.asking();
    overlay.event(event("a", "running", "success"));
    expect(overlay.answer(page)).toEqual([]);
    expect(overlay.get("a").state).toBe("success");
    const wider = { ...page, nodes: page.nodes.map((node) => ({ ...node, blast: true })) };
    overlay.asking();
    overlay.event(event("a", "success", "pending"));
    expect(overlay.answer(wider)).toEqual(["a"]);
    expect(overlay.get("a")).toMatchObject({ state: "pending", blast: true });
    overlay.asking();
    expect(overlay.answer(page)).toEqual(["a"]);
  });
  test("items that are not counted yet wait for the answer", () => {
    const plain = { state: "pending", seconds: null, blast: false, why: "" };
    expect(moved(plain, event("b", "pending", "running", { map_index: 4 }), undefined)).toBe(plain);
  });
});

test("a group shows what matters most in it", () => {
  const status = (state: string, blast = false) => ({ state, seconds: null, blast, why: "" });
  const all = together([status("success"), status("failed"), status("success"), status("pending", true)]);
  expect(all).toMatchObject({ state: "failed", counts: { success: 2, failed: 1, pending: 1 }, blast: true });
  expect(together([status("")]).state).toBe("");
  expect(worstOf({ running: 0, success: 2 })).toBe("success");
});
