/** Ranges of days as people type them, and as three fields say them. Pure: whether a range is good, the server says. */
import { daysIn } from "~/ui/months";

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MONTH = /^\d{4}-\d{2}$/;

/** The two ends of a range, as they are typed; `A` alone is both. Null where it is no range yet. */
export function endsOf(text: string): [string, string] | null {
  const ends = text.split(/\.{2,3}/).map((part) => part.trim());
  const [first, last = first] = ends;
  return ends.length <= 2 && first && last ? [first, last] : null;
}

/** `A..B`; one of them where they are the same or the other is not there; empty without any. */
export function rangeOf(from: string, to: string): string {
  if (!from || !to || from === to) return from || to;
  return from < to ? `${from}..${to}` : `${to}..${from}`;
}

/** What two date fields show of a range: its first and its last day; empty where they cannot show it. */
export function daysOf(text: string): [string, string] {
  const ends = endsOf(text);
  if (!ends) return ["", ""];
  const [first, last] = ends;
  const from = MONTH.test(first) ? `${first}-01` : first.slice(0, 10);
  const to = MONTH.test(last) ? (daysIn(last).at(-1) ?? "") : last.slice(0, 10);
  return [DAY.test(from) ? from : "", DAY.test(to) ? to : ""];
}

/** The month that a range is, where it is one: typed as such, or from its first day to its last. */
export function monthOf(text: string): string {
  const ends = endsOf(text);
  if (!ends) return "";
  const month = ends[0].slice(0, 7);
  if (MONTH.test(text.trim())) return text.trim();
  return ends[0] === `${month}-01` && ends[1] === daysIn(month).at(-1) ? month : "";
}
