import type { Event as LogEvent } from "~/api/schema";

export type { LogEvent };

/** The kinds of the event log; an `EventSource` hears only what it is told to listen for. */
export const KINDS = [
  "run",
  "task",
  "hook",
  "refused",
  "expanded",
  "collapsed",
  "spawned",
  "slot",
  "state",
  "eased",
  "pool",
  "connection",
  "secret",
  "silence",
  "timing",
  "foretold",
  "backfill",
  "forgotten",
  "alert",
  "folded",
  "delivery",
  "renamed",
  "version",
  "definition",
  "quarantined",
  "request",
] as const;

/** How the stream is: `open` it hears, `waiting` it connects again. */
export type Pulse = "open" | "waiting";

/** What the stream says: an event, that something is missing between (read everything anew), or how it is. */
export type News = { type: "event"; event: LogEvent } | { type: "reset" } | { type: "pulse"; pulse: Pulse };
