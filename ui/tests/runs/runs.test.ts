import { describe, expect, test } from "vitest";
import { filtersIn, isAt, queryOf, SAVED, searchOf, selectOf } from "~/pages/runs/filters";
import { endOf } from "~/pages/runs/interval";
import { allOf, everything, has, isEmpty, NONE, toggle, toggleAll } from "~/pages/runs/selection";

const ROWS = ["a", "b", "c", "d", "e"];
const ids = (picked: { ids: ReadonlySet<string> }) => [...picked.ids].sort().join("");

describe("picking", () => {
  test("one, and again", () => {
    const one = toggle(NONE, ROWS, "b");
    expect(ids(one)).toBe("b");
    expect(isEmpty(toggle(one, ROWS, "b"))).toBe(true);
  });

  test("a range goes from the one before to this one, upwards too", () => {
    expect(ids(toggle(toggle(NONE, ROWS, "b"), ROWS, "d", true))).toBe("bcd");
    expect(ids(toggle(toggle(NONE, ROWS, "d"), ROWS, "b", true))).toBe("bcd");
    const most = toggle(toggle(NONE, ROWS, "a"), ROWS, "e", true);
    expect(ids(toggle(toggle(most, ROWS, "b"), ROWS, "d", true))).toBe("ae"); // a range leaves out, too
  });

  test("a range from nowhere, or from a row that is gone, is the row itself", () => {
    expect(ids(toggle(NONE, ROWS, "d", true))).toBe("d");
    expect(ids(toggle(toggle(NONE, ROWS, "a"), ["c", "d"], "d", true))).toBe("ad");
  });

  test("all that are shown, and none", () => {
    const all = toggleAll(NONE, ROWS);
    expect(allOf(all, ROWS)).toBe(true);
    expect(isEmpty(toggleAll(all, ROWS))).toBe(true);
    expect(ids(toggleAll(toggle(NONE, ROWS, "b"), ROWS))).toBe("abcde");
    expect(allOf(NONE, [])).toBe(false);
  });

  test("everything that fits, but for one, is what is shown but for that one", () => {
    const all = everything();
    expect(has(all, "not come yet")).toBe(true);
    expect(isEmpty(all)).toBe(false);
    const but = toggle(all, ROWS, "c");
    expect(but.all).toBe(false);
    expect(ids(but)).toBe("abde");
  });
});

describe("filters", () => {
  const search = { dag: "orders_*", state: "failed,held", since: "2h", backfill: "3", sort: "oldest" };

  test("the address says them and is said by them", () => {
    const filters = filtersIn(search);
    expect(filters).toMatchObject({ dag: "orders_*", state: ["failed", "held"], sort: "oldest", tag: "" });
    expect(searchOf(filters)).toEqual(search);
    expect(searchOf(filtersIn({ sort: "newest", dag: " " }))).toEqual({});
    expect(filtersIn({ sort: "nonsense" }).sort).toBe("newest");
  });

  test("they are a question", () => {
    expect(queryOf(filtersIn(search))).toEqual({
      dag: "orders_*",
      state: ["failed", "held"],
      since: "2h",
      backfill: "3",
      sort: "oldest",
    });
    expect(queryOf(filtersIn({}))).toEqual({ sort: "newest" });
  });

  test("they are a selection for an act, and none at all is every run", () => {
    expect(selectOf(filtersIn({ ...search, kind: "manual", until: "1h", owner: "dana" }))).toEqual({
      dag: "orders_*",
      states: ["failed", "held"],
      kinds: ["manual"],
      since: "2h",
      until: "1h",
      owner: "dana",
      backfill: 3,
    });
    expect(selectOf(filtersIn({}))).toEqual({ dag: "*" });
    expect(selectOf(filtersIn({ dag: "a", slot: "2026-11-01" }))).toBeNull();
    expect(selectOf(filtersIn({ backfill: "x" }))).toBeNull();
  });

  test("a saved link knows whether one is there", () => {
    const failed = SAVED[1]?.[1] ?? {};
    expect(isAt({ since: "00:00", state: "failed" }, failed)).toBe(true);
    expect(isAt({ ...failed, dag: "a" }, failed)).toBe(false);
    expect(isAt({}, {})).toBe(true);
  });
});

describe("the end of an interval", () => {
  const run = (key: string, start: string, end: string, timezone = "UTC") =>
    endOf({ key, interval: { start, end }, timezone });

  test("is not told of a whole day", () => {
    expect(run("2026-11-01", "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z")).toBe("");
    expect(run("2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", "Europe/Berlin")).toBe(""); // of 25 hours
    expect(endOf({ key: "manual-1", interval: null, timezone: "UTC" })).toBe("");
  });

  test("nor of a later run of one", () => {
    expect(run("2026-11-01.2", "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z")).toBe("");
  });

  test("is a time of the same day, or a day", () => {
    expect(run("2026-11-01T05:00", "2026-11-01T05:00:00Z", "2026-11-01T06:00:00Z")).toBe("06:00");
    expect(run("2026-11-01", "2026-11-01T00:00:00Z", "2026-11-08T00:00:00Z")).toBe("2026-11-08");
    expect(run("2026-11-01T23:00", "2026-11-01T23:00:00Z", "2026-11-02T01:30:00Z")).toBe("2026-11-02 01:30");
  });
});
