/**
 * The time as the server has it. A laptop's clock may be an hour off; "3 minutes ago" must not be.
 *
 * An answer's `Date` header has whole seconds and is up to a round trip old, so a difference of less than
 * three seconds counts for none.
 */
let ahead = 0; // milliseconds that the server's clock is ahead of ours

export function skewOf(server: number, here: number): number {
  const difference = server - here;
  return Number.isNaN(difference) || Math.abs(difference) < 3_000 ? 0 : difference;
}

export function tellServerTime(server: number) {
  ahead = skewOf(server, Date.now());
}

/** Milliseconds since 1970, by the server's clock. */
export function now(): number {
  return Date.now() + ahead;
}
