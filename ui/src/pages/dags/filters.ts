/** The filters of the list of DAGs: words of the address, and what they ask of the server. Pure. */

export const SORTS = [
  ["name", "by name"],
  ["-name", "by name, backwards"],
  ["newest", "newest run first"],
  ["next", "next due first"],
  ["state", "worst state first"],
] as const;

export const STATES = ["failed", "interrupted", "held", "running", "queued", "cancelled", "success"] as const;

export type Sort = (typeof SORTS)[number][0];
export type Words = Record<string, string | undefined>;

const FLAGS: Record<string, boolean> = { true: true, yes: true, false: false, no: false };

/** What the address asks for; words that mean nothing are left out. */
export function questionOf(words: Words) {
  const one = <T extends string>(word: string | undefined, known: readonly T[]) => known.find((name) => name === word);
  return {
    text: words.text,
    tag: words.tag,
    owner: words.owner,
    location: words.location,
    state: one(words.state, STATES),
    paused: FLAGS[words.paused ?? ""],
    retired: FLAGS[words.retired ?? ""] || undefined,
    sort: one(
      words.sort,
      SORTS.map(([name]) => name),
    ),
  };
}

/** Whether anything is filtered: an empty list then says something else. */
export function isFiltered(words: Words): boolean {
  const { sort: _, retired: __, ...rest } = questionOf(words);
  return Object.values(rest).some((value) => value !== undefined);
}

/** Every value once, sorted, without empty ones: what a field suggests. */
export function suggestions(values: readonly string[]): readonly string[] {
  return [...new Set(values)].filter(Boolean).sort();
}
