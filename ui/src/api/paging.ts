/** Lists come page by page; a cursor leads to the next one. */

/** For `$api.useInfiniteQuery`. */
export const PAGED = {
  pageParamName: "cursor",
  initialPageParam: null,
  getNextPageParam: (last: { next?: string | null }) => last.next ?? null,
} as const;

/** All items of the pages that have come. */
export function itemsOf<T>(pages: readonly { items: readonly T[] }[] | undefined): T[] {
  return pages?.flatMap((page) => page.items) ?? [];
}
