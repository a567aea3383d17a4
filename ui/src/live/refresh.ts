/** Sequence number in, query invalidation out: what the page shows is asked for again when an event has made it old. */
import type { InfiniteData, Query, QueryClient } from "@tanstack/react-query";
import { listen } from "./stream";
import { isOld, nothing, patience, touch } from "./touch";

const SOON = 20; // milliseconds in which events of one commit are gathered
const AGAIN = 50; // … after which a question that is on its way is looked at again

/**
 * At once for the first event after a pause; then as often as `patience` says, and never two questions at a time.
 * What nobody looks at is only marked, and asked for when somebody does.
 */
export function refresh(queries: QueryClient): () => void {
  const cache = queries.getQueryCache();
  const old = new Set<string>(); // questions that are still to be asked
  const asked = new Map<string, number>();
  let touched = nothing();
  let soon: ReturnType<typeof setTimeout> | undefined;
  let later: ReturnType<typeof setTimeout> | undefined;

  const gather = () => {
    soon = undefined;
    for (const query of cache.getAll()) if (isOld(query.queryKey, query.state.data, touched)) old.add(query.queryHash);
    touched = nothing();
    ask();
  };

  const ask = () => {
    const now = Date.now();
    let wait = Number.POSITIVE_INFINITY;
    for (const hash of old) {
      const query = cache.get(hash);
      const left = query && query.getObserversCount() > 0 ? waitOf(query, asked.get(hash), now) : 0;
      if (left > 0) {
        wait = Math.min(wait, left);
        continue;
      }
      old.delete(hash);
      if (!query) asked.delete(hash);
      else if (query.getObserversCount() === 0) query.invalidate();
      else {
        asked.set(hash, now);
        shorten(query);
        void queries.invalidateQueries({ queryKey: query.queryKey, exact: true });
      }
    }
    clearTimeout(later);
    if (wait < Number.POSITIVE_INFINITY) later = setTimeout(ask, wait);
  };

  const stop = listen((news) => {
    if (news.type === "reset") void queries.invalidateQueries();
    if (news.type !== "event") return;
    touch(touched, news.event);
    soon ??= setTimeout(gather, SOON);
  });
  return () => {
    clearTimeout(soon);
    clearTimeout(later);
    stop();
  };
}

/**
 * A list that has come page by page is asked for page by page again, up to the one after the last that is looked at:
 * `meta.shown` tells how many those are.
 */
function shorten(query: Query) {
  const { pages, pageParams } = (query.state.data ?? {}) as Partial<InfiniteData<unknown>>;
  const most = ((query.meta?.shown as (() => number) | undefined)?.() ?? Number.POSITIVE_INFINITY) + 1;
  if (pages && pageParams && pages.length > most)
    query.setData({ pages: pages.slice(0, most), pageParams: pageParams.slice(0, most) });
}

/** Milliseconds until a question may be asked again; 0: now. */
function waitOf(query: Query, asked: number | undefined, now: number): number {
  const due = (asked ?? 0) + patience(query.queryKey[1], query.state.data) - now;
  return query.state.fetchStatus === "idle" ? Math.max(0, due) : Math.max(AGAIN, due);
}
