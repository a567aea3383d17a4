import { keepPreviousData } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Runs } from "~/act/act";
import { $api } from "~/api/client";
import { itemsOf, PAGED } from "~/api/paging";
import type { RunItem } from "~/api/schema";
import type { Search } from "~/search";
import { useKeys } from "~/ui/keys";
import { Answer, Button, Empty, Head, Panel } from "~/ui/parts";
import { Stretch } from "~/ui/Stretch";
import { Bulk } from "./Bulk";
import { FilterBar } from "./FilterBar";
import { filtersIn, queryOf, searchOf, selectOf } from "./filters";
import { RunRow } from "./RunRow";
import { allOf, everything, has, isEmpty, NONE, type Picked, toggle, toggleAll } from "./selection";
import { stepBy } from "./stepping";
import "./runs.css";

const PAGE = 100;
const NAMED = 1_000; // so many an act takes by name
const COLUMNS = 9;
const KEYS = [
  ["j / k", "next / previous run"],
  ["x", "pick the run; with Shift all up to it"],
  ["Enter", "open the run"],
  ["Esc", "pick none"],
] as const;

/** Every run there is, filtered, sorted, picked, and acted on. */
export default function RunsPage() {
  const search: Search = useSearch({ strict: false });
  const filters = filtersIn(search);
  const drawn = useDrawn();
  const asked = $api.useInfiniteQuery(
    "get",
    "/api/v1/runs",
    { params: { query: { ...queryOf(filters), limit: PAGE } } },
    { ...PAGED, placeholderData: keepPreviousData, meta: drawn.meta },
  );
  const key = JSON.stringify(filters);
  const runs = useMemo(() => itemsOf<RunItem>(asked.data?.pages), [asked.data]);
  const rows = useMemo(() => runs.map((run) => run.run_id), [runs]);
  const [kept, keep] = useState<{ of: string; picked: Picked }>({ of: key, picked: NONE });
  const picked = kept.of === key ? kept.picked : NONE; // of another filter nothing stays picked
  const change = useCallback(
    (next: (picked: Picked) => Picked) =>
      keep((one) => ({ of: key, picked: next(one.of === key ? one.picked : NONE) })),
    [key],
  );
  const shown = useRef(rows); // `pick` stays the same when the list moves: no row is drawn anew for that
  shown.current = rows;
  const pick = useCallback(
    (id: string, range: boolean) => change((one) => toggle(one, shown.current, id, range)),
    [change],
  );
  const leave = useCallback(() => change(() => NONE), [change]);
  useKeys(KEYS);
  useStepping(pick, leave);
  const select = selectOf(filters);
  const of: Runs = picked.all && select ? { select } : { runs: picked.all ? rows : [...picked.ids] };
  return (
    <>
      <Head title="Runs" />
      <FilterBar filters={filters} search={search} />
      <Panel>
        <Answer of={{ ...asked, data: asked.data && runs }} lines={6}>
          {() => (
            <>
              {runs.length ? (
                <List
                  runs={runs}
                  rows={rows}
                  near={drawn.near}
                  picked={picked}
                  pick={pick}
                  all={() => change((one) => toggleAll(one, rows))}
                />
              ) : (
                <Empty>
                  {Object.keys(searchOf(filters)).length
                    ? "No run fits. Loosen a filter, or trigger a DAG on its page."
                    : "Nothing has run yet. A DAG runs by its schedule, or is triggered on its page."}
                </Empty>
              )}
              {asked.hasNextPage && (
                <div className="more">
                  <More busy={asked.isFetchingNextPage} load={() => void asked.fetchNextPage()} />
                </div>
              )}
            </>
          )}
        </Answer>
      </Panel>
      {!isEmpty(picked) && (
        <Bulk
          of={of}
          all={picked.all}
          size={picked.ids.size}
          pickAll={
            allOf(picked, rows) && select && (asked.hasNextPage || rows.length > NAMED)
              ? () => change(everything)
              : null
          }
          leave={leave}
        />
      )}
    </>
  );
}

function List({
  runs,
  rows,
  near,
  picked,
  pick,
  all,
}: {
  runs: readonly RunItem[];
  rows: readonly string[];
  near: (page: number, drawn: boolean) => void;
  picked: Picked;
  pick: (id: string, range: boolean) => void;
  all: () => void;
}) {
  const whole = allOf(picked, rows);
  return (
    <div className="scroll">
      <table className="runs" aria-rowcount={runs.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            <th className="runs-pick">
              <input
                type="checkbox"
                aria-label="pick all that are shown"
                checked={whole}
                ref={(box) => {
                  if (box) box.indeterminate = !whole && !isEmpty(picked);
                }}
                onChange={all}
              />
            </th>
            <th>State</th>
            <th>Run</th>
            <th>DAG</th>
            <th>Why</th>
            <th className="number">Took</th>
            <th>Started</th>
            <th className="runs-kind">Kind</th>
            <th className="runs-version number">Code</th>
          </tr>
        </thead>
        {Array.from({ length: Math.ceil(runs.length / PAGE) }, (_, page) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: runs move through the pages, a page stays where it is
          <Stretch key={page} columns={COLUMNS} near={(drawn) => near(page, drawn)}>
            {runs.slice(page * PAGE, (page + 1) * PAGE).map((run, n) => (
              <RunRow
                key={run.run_id}
                at={page * PAGE + n + 2}
                run={run}
                picked={has(picked, run.run_id)}
                pick={pick}
              />
            ))}
          </Stretch>
        ))}
      </table>
    </div>
  );
}

/** Which pages are drawn; a refresh asks for the list as far as that. */
function useDrawn() {
  return useState(() => {
    const pages = new Set<number>();
    return {
      near: (page: number, drawn: boolean) => void (drawn ? pages.add(page) : pages.delete(page)),
      meta: { shown: () => Math.max(-1, ...pages) + 1 },
    };
  })[0];
}

/** Loads the next page as soon as it comes into view; by hand where it does not. */
function More({ busy, load }: { busy: boolean; load: () => void }) {
  const watch = useCallback(
    (button: HTMLElement | null) => {
      if (!button || busy) return;
      const seen = new IntersectionObserver(([entry]) => entry?.isIntersecting && load(), { rootMargin: "400px" });
      seen.observe(button);
      return () => seen.disconnect();
    },
    [busy, load],
  );
  return (
    <div ref={watch}>
      <Button disabled={busy} onClick={load}>
        {busy ? "Loading …" : "More"}
      </Button>
    </div>
  );
}

/** j, k, x and Escape, where nobody writes and no dialog is open. */
function useStepping(pick: (id: string, range: boolean) => void, none: () => void) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => stepBy(event, pick, none);
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [pick, none]);
}
