import { expect, test } from "vitest";
import { nameOf, PLACES, stroke, subjectOf, titleOf } from "~/pages/places";
import { withRecent } from "~/pages/recent";

test("a page is called by its DAG, its run or its name", () => {
  expect(titleOf("/dags/orders")).toBe("orders · Segue");
  expect(titleOf("/runs/orders%402026-11-03")).toBe("orders@2026-11-03 · Segue");
  expect(titleOf("/attempts/1207")).toBe("attempt 1207 · Segue");
  expect(titleOf("/resources")).toBe("Resources · Segue");
  expect(titleOf("/")).toBe("Overview · Segue");
  expect(titleOf("/nowhere")).toBe("Segue");
});

test("an address that is no good encoding is shown as it is", () => {
  expect(nameOf("/dags/100%")).toBe("100%");
});

test("a path names a DAG, and a run names its DAG too", () => {
  expect(subjectOf("/dags/orders")).toEqual({ dag: "orders" });
  expect(subjectOf("/runs/orders@2026-11-03")).toEqual({ dag: "orders", run: "orders@2026-11-03" });
  expect(subjectOf("/runs/41")).toEqual({ run: "41" });
  expect(subjectOf("/audit")).toEqual({});
});

test("g and a letter go to every place; another letter forgets the g", () => {
  for (const place of PLACES) {
    expect(stroke("", "g")).toEqual({ next: "g" });
    expect(stroke("g", place.key)).toEqual({ go: place.to, next: "" });
  }
  expect(stroke("g", "z").go).toBeUndefined();
  expect(stroke("g", "z").next).toBe("");
  expect(stroke("", "o").go).toBeUndefined();
  expect(stroke("", "?").help).toBe(true);
  expect(new Set(PLACES.map((place) => place.key)).size).toBe(PLACES.length);
});

test("what was looked at last stands first, once, and only things have a place there", () => {
  expect(withRecent(["/dags/a", "/dags/b"], "/dags/b")).toEqual(["/dags/b", "/dags/a"]);
  expect(withRecent(["/dags/a"], "/dags")).toEqual(["/dags/a"]);
  const many = Array.from({ length: 30 }, (_, n) => `/runs/${n}`);
  expect(many.reduce<readonly string[]>(withRecent, [])).toHaveLength(12);
});
