/** Months, weeks and days, and the intervals that begin on each. Pure. */
import type { SlotItem } from "~/api/schema";
import { daysIn } from "~/ui/months";

export interface Day {
  readonly slots: readonly SlotItem[];
  readonly counts: Readonly<Record<string, number>>;
  /** What matters most of it. */
  readonly state: string;
}

const WEIGHT = ["failed", "held", "missing", "stale", "running", "fresh", "skipped", "retired"];
const FILLED = ["missing", "failed", "stale"];
const HOUR = 3_600_000;
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** Counts in the order in which they matter. */
export function weighed(counts: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(counts)
    .filter(([, n]) => n > 0)
    .sort(([a], [b]) => WEIGHT.indexOf(a) - WEIGHT.indexOf(b));
}

/** Those months as the server reads them, from the DAG's first one on: what lies before it is refused. */
export function rangeOf(months: readonly string[], first = ""): string {
  const known = months.filter((month) => month >= first);
  return `${known[0] ?? first}..${known.at(-1) ?? first}`;
}

/** The days of a month, a week a row, Monday first; null where another month's day would stand. */
export function weeksOf(month: string): (string | null)[][] {
  const before = (new Date(`${month}-01T00:00:00Z`).getUTCDay() + 6) % 7;
  const days: (string | null)[] = [...Array.from({ length: before }, () => null), ...daysIn(month)];
  while (days.length % 7) days.push(null);
  return Array.from({ length: days.length / 7 }, (_, week) => days.slice(week * 7, week * 7 + 7));
}

/** Of a month, or of a day in it. */
export function monthName(month: string): string {
  return `${MONTHS[Number(month.slice(5, 7)) - 1]} ${month.slice(0, 4)}`;
}

/** The intervals by the day on which they begin; `day` tells it of one. */
export function daysOf(slots: readonly SlotItem[], day: (slot: SlotItem) => string): Map<string, Day> {
  const by = new Map<string, SlotItem[]>();
  for (const slot of slots) {
    const name = day(slot);
    const known = by.get(name);
    if (known) known.push(slot);
    else by.set(name, [slot]);
  }
  return new Map([...by].map(([name, some]) => [name, dayOf(some)]));
}

function dayOf(slots: readonly SlotItem[]): Day {
  const counts: Record<string, number> = {};
  for (const slot of slots) counts[slot.state] = (counts[slot.state] ?? 0) + 1;
  return { slots, counts, state: weighed(counts)[0]?.[0] ?? "" };
}

/** How many months are shown at once: few intervals a day, many months. */
export function monthsAtOnce(fires: readonly { due: string }[]): number {
  const [first, second] = fires;
  if (!first || !second) return 6;
  return Date.parse(second.due) - Date.parse(first.due) >= 6 * HOUR ? 6 : 1;
}

/** The days from and to which something is to be filled, and of which states; null where nothing is. */
export function holesOf(days: ReadonlyMap<string, Day>): { range: string; only: string[] } | null {
  const open = (slot: SlotItem) => FILLED.includes(slot.state) && !slot.waits;
  const holed = [...days].filter(([, day]) => day.slots.some(open)).map(([name]) => name);
  const [first, last] = [holed[0], holed.at(-1)];
  if (!first || !last) return null;
  const only = FILLED.filter((state) =>
    [...days.values()].some((day) => day.slots.some((one) => open(one) && one.state === state)),
  );
  return { range: first === last ? first : `${first}..${last}`, only };
}
