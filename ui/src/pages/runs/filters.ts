/** The filters of the list of runs: words of the address in, questions to the server out. Pure. */
import type { SelectRuns } from "~/api/schema";
import type { Search } from "~/search";
import { RUN_MOVES } from "~/ui/state";

export const STATES = Object.keys(RUN_MOVES);
export const KINDS = ["scheduled", "manual", "backfill", "lookback", "event"] as const;
export const SORTS = ["newest", "oldest", "longest"] as const;

const WORDS = ["dag", "since", "until", "tag", "owner", "backfill", "error", "slot"] as const;
export type Word = (typeof WORDS)[number];

export interface Filters extends Readonly<Record<Word, string>> {
  readonly state: readonly string[];
  readonly kind: readonly string[];
  readonly sort: (typeof SORTS)[number];
}

/** What the address says. */
export function filtersIn(search: Search): Filters {
  const words = Object.fromEntries(WORDS.map((word) => [word, search[word] ?? ""])) as Record<Word, string>;
  const sort = SORTS.find((one) => one === search.sort) ?? "newest";
  return { ...words, state: several(search.state), kind: several(search.kind), sort };
}

function several(text: string | undefined): string[] {
  return (text ?? "").split(",").filter(Boolean);
}

/** What the address is to say. */
export function searchOf({ state, kind, sort, ...words }: Filters): Search {
  const said = Object.entries(words).filter(([, text]) => text.trim());
  return {
    ...Object.fromEntries(said),
    ...(state.length ? { state: state.join(",") } : {}),
    ...(kind.length ? { kind: kind.join(",") } : {}),
    ...(sort === "newest" ? {} : { sort }),
  };
}

/** The question to the server. */
export function queryOf({ state, kind, sort, backfill, ...words }: Filters) {
  return {
    ...Object.fromEntries(Object.entries(words).filter(([, text]) => text.trim())),
    ...(state.length ? { state: [...state] } : {}),
    ...(kind.length ? { kind: [...kind] } : {}),
    ...(backfill.trim() ? { backfill: backfill.trim() as unknown as number } : {}), // what is no number, the server says
    sort,
  };
}

/** The same as a selection that an act takes; null: it cannot be said so. */
export function selectOf(filters: Filters): Partial<SelectRuns> | null {
  const { dag, state, kind, since, until, tag, owner, error, backfill, slot } = filters;
  if (slot || (backfill && !/^\d+$/.test(backfill))) return null;
  const words = Object.entries({ dag, since, until, tag, owner, error }).filter(([, text]) => text.trim());
  const found = {
    ...Object.fromEntries(words),
    ...(state.length ? { states: [...state] } : {}),
    ...(kind.length ? { kinds: [...kind] } : {}),
    ...(backfill ? { backfill: Number(backfill) } : {}),
  };
  return Object.keys(found).length ? (found as Partial<SelectRuns>) : { dag: "*" };
}

/** What people look for most. */
export const SAVED: readonly (readonly [title: string, search: Search])[] = [
  ["All", {}],
  ["Failed today", { state: "failed", since: "00:00" }],
  ["Running", { state: "queued,running" }],
  ["Held", { state: "held" }],
  ["By hand", { kind: "manual" }],
];

/** Whether the address says this and nothing else. */
export function isAt(search: Search, saved: Search): boolean {
  const words = (one: Search) => JSON.stringify(searchOf(filtersIn(one)));
  return words(search) === words(saved);
}
