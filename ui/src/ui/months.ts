/** Months as texts: `2026-11`. Pure. */

/** A month some months later, or earlier. */
export function shifted(month: string, by: number): string {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number - 1 + by, 1)).toISOString().slice(0, 7);
}

/** So many months, the last of which is `month`; the oldest first. */
export function monthsTo(month: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => shifted(month, at - count + 1));
}

/** The days of a month: `2026-11-01`, … */
export function daysIn(month: string): string[] {
  const [year = 0, number = 1] = month.split("-").map(Number);
  const count = new Date(Date.UTC(year, number, 0)).getUTCDate();
  return Array.from({ length: count }, (_, at) => `${month}-${String(at + 1).padStart(2, "0")}`);
}
