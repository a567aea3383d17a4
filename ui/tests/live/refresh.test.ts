import { InfiniteQueryObserver, QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { News } from "~/live/event";
import { refresh } from "~/live/refresh";

let tell: (news: News) => void = () => undefined;
vi.mock("~/live/stream", () => ({
  listen: (listener: (news: News) => void) => {
    tell = listener;
    return () => undefined;
  },
}));

const GRID = ["get", "/api/v1/dags/{dag}/grid", { params: { path: { dag: "orders" } } }];
const RUNS = ["get", "/api/v1/runs", {}];
let queries: QueryClient;
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  queries = new QueryClient({ defaultOptions: { queries: { staleTime: 1e9 } } });
  stop = refresh(queries);
});

afterEach(() => {
  stop();
  queries.clear();
  vi.useRealTimers();
});

function watched(key: unknown[], takes = 0) {
  const asked = vi.fn(async () => {
    if (takes) await new Promise((done) => setTimeout(done, takes));
    return { items: [] };
  });
  new QueryObserver(queries, { queryKey: key, queryFn: asked }).subscribe(() => undefined);
  return asked;
}

const event = (dag: string, kind = "task") =>
  tell({ type: "event", event: { seq: 1, at: "", kind, dag, run: `${dag}@1` } as never });

test("one event asks each answer that it made old once, and no more", async () => {
  const [grid, runs] = [watched(GRID), watched(RUNS)];
  await vi.advanceTimersByTimeAsync(10);
  event("orders");
  await vi.advanceTimersByTimeAsync(20_000);
  expect([grid.mock.calls.length, runs.mock.calls.length]).toEqual([2, 2]);
});

test("what another DAG does leaves a page alone", async () => {
  const grid = watched(GRID);
  await vi.advanceTimersByTimeAsync(10);
  event("prices");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(grid).toHaveBeenCalledTimes(1);
});

test("while events pour in a list is asked once a second, a page four times, and both once more at the end", async () => {
  const [grid, runs] = [watched(GRID), watched(RUNS)];
  await vi.advanceTimersByTimeAsync(10);
  for (let n = 0; n < 400; n += 1) {
    event("orders");
    await vi.advanceTimersByTimeAsync(10);
  }
  await vi.advanceTimersByTimeAsync(5_000);
  expect(runs.mock.calls.length - 1).toBeLessThanOrEqual(6);
  expect(runs.mock.calls.length - 1).toBeGreaterThanOrEqual(4);
  expect(grid.mock.calls.length - 1).toBeLessThanOrEqual(18);
  expect(grid.mock.calls.length - 1).toBeGreaterThanOrEqual(14);
});

test("a new event after a pause is not made to wait for a list that is not due yet", async () => {
  const [grid, runs] = [watched(GRID), watched(RUNS)];
  await vi.advanceTimersByTimeAsync(10);
  event("orders");
  await vi.advanceTimersByTimeAsync(300);
  event("orders");
  await vi.advanceTimersByTimeAsync(30);
  expect([grid.mock.calls.length, runs.mock.calls.length]).toEqual([3, 2]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(runs).toHaveBeenCalledTimes(3);
});

test("an event that comes while the answer is on its way is not lost", async () => {
  const grid = watched(GRID, 400);
  await vi.advanceTimersByTimeAsync(500);
  event("orders");
  await vi.advanceTimersByTimeAsync(100);
  event("orders");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(grid).toHaveBeenCalledTimes(3);
});

test("after a gap in the stream everything is asked anew", async () => {
  const grid = watched(GRID);
  await vi.advanceTimersByTimeAsync(10);
  tell({ type: "reset" });
  await vi.advanceTimersByTimeAsync(10);
  expect(grid).toHaveBeenCalledTimes(2);
});

test("a list of many pages is asked for as far as it is looked at, and one page more", async () => {
  const asked: number[] = [];
  const list = new InfiniteQueryObserver(queries, {
    queryKey: RUNS,
    queryFn: async ({ pageParam }) => {
      asked.push(pageParam);
      return { items: [] };
    },
    initialPageParam: 1,
    getNextPageParam: (_last, pages) => pages.length + 1,
    meta: { shown: () => 2 },
  });
  list.subscribe(() => undefined);
  await vi.advanceTimersByTimeAsync(10);
  for (let page = 2; page <= 9; page += 1) await list.fetchNextPage();
  asked.length = 0;
  event("orders");
  await vi.advanceTimersByTimeAsync(500);
  expect(asked).toEqual([1, 2, 3]);
  expect(list.getCurrentResult().hasNextPage).toBe(true);
});
