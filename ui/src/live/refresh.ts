/** Sequence number in, query invalidation out: what the page shows is asked for again when an event has made it old. */
import type { QueryClient } from "@tanstack/react-query";
import { listen } from "./stream";
import { isOld, nothing, patience, touch } from "./touch";

/** At once for the first event after a pause; then as often as `patience` says, and never two questions at a time. */
export function refresh(queries: QueryClient): () => void {
  const asked = new Map<string, number>();
  let touched = nothing();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const flush = () => {
    timer = undefined;
    const now = Date.now();
    const left = nothing();
    let wait = Number.POSITIVE_INFINITY;
    for (const query of queries.getQueryCache().getAll()) {
      if (!isOld(query.queryKey, query.state.data, touched)) continue;
      const due = (asked.get(query.queryHash) ?? 0) + patience(query.queryKey[1]);
      if (due <= now && query.state.fetchStatus === "idle") {
        if (query.getObserversCount() > 0) asked.set(query.queryHash, now);
        void queries.invalidateQueries({ queryKey: query.queryKey, exact: true }, { cancelRefetch: false });
      } else if (query.getObserversCount() > 0) {
        wait = Math.min(wait, Math.max(due - now, 50));
        for (const part of ["dags", "runs", "kinds"] as const) for (const one of touched[part]) left[part].add(one);
      } else query.invalidate();
    }
    for (const hash of asked.keys()) if (!queries.getQueryCache().get(hash)) asked.delete(hash);
    touched = left;
    if (wait < Number.POSITIVE_INFINITY) timer = setTimeout(flush, wait);
  };

  const stop = listen((news) => {
    if (news.type === "reset") void queries.invalidateQueries();
    if (news.type !== "event") return;
    touch(touched, news.event);
    timer ??= setTimeout(flush, 20);
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}
