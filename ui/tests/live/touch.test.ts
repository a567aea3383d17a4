import { expect, test } from "vitest";
import type { LogEvent } from "~/live/event";
import { isOld, nothing, patience, touch } from "~/live/touch";

const touched = (...events: Partial<LogEvent>[]) => {
  const found = nothing();
  for (const event of events) touch(found, { kind: "task", ...event } as LogEvent);
  return found;
};
const asked = (path: string, named: Record<string, string> = {}) => ["get", path, { params: { path: named } }];

test("a run's pages are old when something happens to it, under whatever name it was asked for", () => {
  const news = touched({ dag: "orders", run: "orders@1" });
  expect(isOld(asked("/api/v1/runs/{run}/graph", { run: "orders@1" }), undefined, news)).toBe(true);
  expect(isOld(asked("/api/v1/runs/{run}", { run: "orders@latest" }), { run_id: "orders@1" }, news)).toBe(true);
  expect(isOld(asked("/api/v1/runs/{run}", { run: "orders@2" }), { run_id: "orders@2" }, news)).toBe(false);
});

test("a list is old by kinds of events, a backfill only by those of its DAG", () => {
  const news = touched({ kind: "run", dag: "orders", run: "orders@1" });
  expect(isOld(asked("/api/v1/runs"), { items: [] }, news)).toBe(true);
  expect(isOld(asked("/api/v1/silences"), [], news)).toBe(false);
  const one = asked("/api/v1/backfills/{backfill}", { backfill: "1" });
  expect(isOld(one, { dag_id: "orders" }, news)).toBe(true);
  expect(isOld(one, { dag_id: "prices" }, news)).toBe(false);
  expect(isOld(one, undefined, news)).toBe(true);
});

test("what is no question of the API is left alone", () => {
  expect(isOld(["readyz"], undefined, touched({ dag: "orders" }))).toBe(false);
  expect(isOld(asked("/api/v1/settings"), undefined, touched({ dag: "orders" }))).toBe(false);
});

test("a list of many pages is asked for less often, because it is asked for page by page", () => {
  expect(patience("/api/v1/runs")).toBe(1_000);
  expect(patience("/api/v1/runs", { pages: [{}, {}, {}] })).toBe(3_000);
  expect(patience("/api/v1/runs", { pages: [] })).toBe(1_000);
});
