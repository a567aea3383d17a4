import { useMemo, useSyncExternalStore } from "react";
import { api } from "~/api/client";
import { Feed, type Question } from "./feed";
import { Search } from "./hits";

export interface Filter {
  readonly level: string;
  readonly text: string;
}

async function page(attempt: string, question: Question, { level, text }: Filter, signal: AbortSignal) {
  const query = { ...question, text, level: level || null };
  const { data } = await api.GET("/api/v1/attempts/{attempt}/log", {
    params: { path: { attempt: Number(attempt) }, query },
    signal,
  });
  if (!data) throw new TypeError("no answer");
  return data;
}

/** The log of an attempt, filtered, as it comes. `from`: what is looked at first. */
export function useLog(attempt: string, level: string, text: string, from: number | "end") {
  // biome-ignore lint/correctness/useExhaustiveDependencies: where one began to look is no reason to begin again
  const feed = useMemo(
    () => new Feed((question, signal) => page(attempt, question, { level, text }, signal), from),
    [attempt, level, text],
  );
  return { feed, reading: useSyncExternalStore(feed.subscribe, feed.now) };
}

/** Every line of it in which a text stands. */
export function useHits(attempt: string, level: string, text: string) {
  const search = useMemo(
    () => new Search(text, (offset, limit, signal) => page(attempt, { offset, limit }, { level, text }, signal)),
    [attempt, level, text],
  );
  return { search, hits: useSyncExternalStore(search.subscribe, search.now) };
}
