import { expect, test } from "vitest";
import { follow, ills, sentence } from "~/pages/vitals";

const part = (name: string, ok: boolean) => ({ name, ok, detail: "" });

test("a part keeps the time since which it is as it is", () => {
  const first = follow(undefined, { ready: true, parts: [part("scheduler", true), part("store", true)] }, 100);
  const second = follow(first, { ready: false, parts: [part("scheduler", false), part("store", true)] }, 200);
  const third = follow(second, { ready: false, parts: [part("scheduler", false), part("store", true)] }, 300);
  expect(third.parts.map((one) => one.since)).toEqual([200, 100]);
  expect(third.ready).toBe(false);
});

test("that workers rest is not told beside that nobody schedules", () => {
  const both = { ready: false, parts: [part("scheduler", false), part("workers", false), part("dags", false)] };
  expect(ills(follow(undefined, both, 0)).map((one) => one.name)).toEqual(["scheduler", "dags"]);
  const alone = { ready: true, parts: [part("scheduler", true), part("workers", false)] };
  expect(ills(follow(undefined, alone, 0)).map((one) => one.name)).toEqual(["workers"]);
});

test("every part has a sentence, an unknown one too", () => {
  expect(sentence("scheduler")).toBe("Nobody schedules: runs wait. `segue up` starts it again.");
  expect(sentence("moon")).toContain("moon");
});
