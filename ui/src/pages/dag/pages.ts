/** The pages of a grid: the newest is asked for again whenever something happens, an older one only if a run of it moves. */
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { $api, api } from "~/api/client";
import type { Grid } from "~/api/schema";
import { afterNews, sheetOf } from "~/grid/sheet";
import { useEvents } from "~/live/hooks";

const FIRST = 120;
const OLDER = 240;
const PAUSE = 1_000; // between two questions for an older page that moves

interface Kept {
  readonly dag: string;
  /** The newest page as it came last, runs that have left it since, and where the older ones begin. */
  readonly first: Grid;
  readonly strays: Grid | null;
  readonly start: string | null;
}

async function pageOf(dag: string, cursor: string, limit: number, signal?: AbortSignal): Promise<Grid> {
  const asked = { params: { path: { dag }, query: { limit, cursor } }, signal };
  const { data } = await api.GET("/api/v1/dags/{dag}/grid", asked);
  return data as Grid;
}

function keptOf(dag: string, first: Grid, before: Kept | null): Kept {
  const fresh = { dag, first, strays: null, start: first.next ?? null };
  if (before?.dag !== dag) return fresh;
  const news = afterNews(before.first, first, before.strays);
  return news && before.start !== null ? { ...before, first, strays: news.strays } : fresh;
}

export function useSheet(dag: string) {
  const queries = useQueryClient();
  const first = $api.useQuery("get", "/api/v1/dags/{dag}/grid", {
    params: { path: { dag }, query: { limit: FIRST } },
  });
  const [kept, setKept] = useState<Kept | null>(null);
  const newest = first.data as Grid | undefined;
  if (newest && (kept?.dag !== dag || kept.first !== newest)) setKept(keptOf(dag, newest, kept));
  const now = kept?.dag === dag ? kept : null;
  const start = now?.start ?? null;

  const [wanted, setWanted] = useState<string | null>(null); // from where older ones have been asked for
  const key = useMemo(() => ["older", { dag, start }] as const, [dag, start]);
  const older = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }: { pageParam: string; signal: AbortSignal }) =>
      pageOf(dag, pageParam, OLDER, signal),
    initialPageParam: start ?? "",
    getNextPageParam: (page) => page.next,
    enabled: start !== null && wanted === start,
    staleTime: Number.POSITIVE_INFINITY,
  });

  const asked = useRef(new Set<string>());
  useEvents((event) => {
    const data = older.data;
    const at = data?.pages.findIndex((page) => page.columns?.some((one) => one.run_id === event.run)) ?? -1;
    const cursor = data?.pageParams[at] as string | undefined;
    if (event.dag !== dag || !cursor || asked.current.has(cursor)) return;
    asked.current.add(cursor);
    setTimeout(async () => {
      asked.current.delete(cursor);
      const page = await pageOf(dag, cursor, OLDER).catch(() => null);
      if (!page) return;
      queries.setQueryData<typeof data>(key, (had) =>
        had?.pageParams[at] === cursor ? { ...had, pages: had.pages.with(at, page) } : had,
      );
    }, PAUSE);
  });

  const pages = older.data?.pages;
  const sheet = useMemo(
    () => sheetOf(now ? [now.first, ...(now.strays ? [now.strays] : []), ...(pages ?? [])] : []),
    [now, pages],
  );
  return {
    first,
    sheet,
    more: start !== null && (older.data ? older.hasNextPage : true),
    loading: older.isFetching,
    error: older.error,
    load: () => (wanted === start ? void older.fetchNextPage() : setWanted(start)),
  };
}
