/** What stands behind the `?`: words as they are; what a page does with them is its own. */
export type Search = Record<string, string | undefined>;
