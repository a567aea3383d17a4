import { expect, test } from "vitest";
import type { DagItem } from "~/api/schema";
import { isFiltered, questionOf, suggestions } from "~/pages/dags/filters";
import { standingOf } from "~/pages/dags/standing";

test("words of the address become the filters of the server", () => {
  expect(questionOf({ text: "ord", paused: "true", retired: "true", sort: "-name", state: "failed" })).toMatchObject({
    text: "ord",
    paused: true,
    retired: true,
    sort: "-name",
    state: "failed",
  });
});

test("words that mean nothing are left out, not sent", () => {
  const question = questionOf({ sort: "sideways", state: "fine", paused: "maybe", retired: "false" });
  expect(Object.values(question).filter((value) => value !== undefined)).toEqual([]);
});

test("an order is no filter", () => {
  expect(isFiltered({ sort: "next", retired: "true" })).toBe(false);
  expect(isFiltered({ owner: "dana" })).toBe(true);
  expect(isFiltered({ paused: "false" })).toBe(true);
});

test("each suggestion comes once", () => {
  expect(suggestions(["b", "", "a", "b"])).toEqual(["a", "b"]);
});

const DAG: DagItem = {
  dag_id: "orders",
  clock: "runs",
  schedule: "each day",
  timezone: "UTC",
  location: "",
  owner: "",
  tags: [],
  file: "look.py",
  version: 1,
  paused: false,
  hard: false,
  paused_until: null,
  next: { due: "2026-11-03T06:00:00Z", key: "k", start: "", end: "" },
  waiting: 0,
  error: null,
  quarantined: null,
  marks: [],
};

test("a DAG whose clock runs needs no word", () => {
  expect(standingOf(DAG)).toBeNull();
});

test("what is worse is told before what is planned", () => {
  expect(standingOf({ ...DAG, paused: true, error: "SyntaxError" })).toEqual({ state: "broken", text: "SyntaxError" });
  expect(standingOf({ ...DAG, quarantined: "dies", error: "SyntaxError" })?.state).toBe("quarantined");
  expect(standingOf({ ...DAG, waiting: 3 })?.text).toContain("3 intervals");
  expect(standingOf({ ...DAG, clock: "by hand", next: null })).toEqual({ state: "", text: "runs when asked to" });
});

test("a pause says until when, and whether runs stand still as well", () => {
  expect(standingOf({ ...DAG, paused: true, hard: true, paused_until: "2026-11-04T00:00:00Z" })?.text).toMatch(
    /^until 2026-11-04 00:00 .*; nothing of its runs goes on either$/,
  );
  expect(standingOf({ ...DAG, paused: true })).toEqual({ state: "paused", text: "" });
});
