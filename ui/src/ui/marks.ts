/**
 * How a state looks: a word, a colour by token, and a shape, so that no two states differ by colour alone.
 *
 * Shapes are paths on a field of 16 × 16, drawn alike by SVG and canvas: `fill` first, `ink` over it, `stroke` as a line.
 */
export interface Look {
  readonly label: string;
  readonly token: string;
  readonly fill?: string;
  readonly stroke?: string;
  readonly ink?: string;
}

const DISC = "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 1 1 0-13z";
const RING = "M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 1 1 0-11z";
const SQUARE =
  "M3.5 1.8h9a1.7 1.7 0 0 1 1.7 1.7v9a1.7 1.7 0 0 1-1.7 1.7h-9a1.7 1.7 0 0 1-1.7-1.7v-9a1.7 1.7 0 0 1 1.7-1.7z";
const DIAMOND = "M8 .8L15.2 8L8 15.2L.8 8z";
const CROSS = "M5 5l6 6M11 5l-6 6";

const LOOKS: Record<string, Look> = {
  pending: { label: "pending", token: "pending", fill: "M8 5.8a2.2 2.2 0 1 1 0 4.4a2.2 2.2 0 1 1 0-4.4z" },
  queued: { label: "queued", token: "queued", stroke: RING },
  running: { label: "running", token: "running", stroke: RING, fill: "M8 4.6a3.4 3.4 0 0 1 0 6.8z" },
  up_for_retry: { label: "up for retry", token: "retry", stroke: "M12.9 5.2A5.5 5.5 0 1 0 13.5 8M13.2 1.8v3.6H9.6" },
  deferred: { label: "deferred", token: "deferred", stroke: `${RING}M8 5v3.2l2.2 1.6` },
  held: { label: "held", token: "held", fill: DIAMOND, ink: "M6.5 5.6v4.8M9.5 5.6v4.8" },
  success: { label: "success", token: "success", fill: DISC, ink: "M5 8.2l2.2 2.2L11.2 6" },
  failed: { label: "failed", token: "failed", fill: SQUARE, ink: CROSS },
  upstream_failed: { label: "upstream failed", token: "upstream", stroke: "M3 3h10v10H3zM3 13L13 3" },
  skipped: { label: "skipped", token: "skipped", stroke: "M3.5 4l4 4l-4 4M8.5 4l4 4l-4 4" },
  cancelled: { label: "cancelled", token: "cancelled", stroke: `${RING}M4.2 11.8l7.6-7.6` },
  fresh: { label: "fresh", token: "success", fill: DISC, ink: "M5 8.2l2.2 2.2L11.2 6" },
  stale: { label: "stale", token: "stale", stroke: "M8 1.8L14.2 8L8 14.2L1.8 8z", fill: "M8 1.8L8 14.2L1.8 8z" },
  missing: { label: "missing", token: "missing", stroke: "M2.5 5V2.5H5M11 2.5h2.5V5M13.5 11v2.5H11M5 13.5H2.5V11" },
  waiting: { label: "waiting", token: "queued", stroke: "M4 2.5h8M4 13.5h8M5 2.5c0 4 6 7 6 11M11 2.5c0 4-6 7-6 11" },
  retired: { label: "retired", token: "pending", stroke: "M3 8h10" },
  interrupted: { label: "interrupted", token: "interrupted", stroke: "M9.5 1.8L4.5 8.8h7L6.5 14.4" },
  late: { label: "late", token: "retry", stroke: `${RING}M8 4.8V8.4M8 10.6v.6` },
  lost: { label: "lost", token: "interrupted", stroke: "M3 3h10v10H3zM6.5 6.6a1.6 1.6 0 1 1 2.2 1.5L8 8.6v.6M8 11v.4" },
  timed_out: { label: "timed out", token: "failed", stroke: "M3 3h10v10H3zM8 5.4v3h2.2" },
  paused: { label: "paused", token: "held", stroke: "M5.5 3v10M10.5 3v10" },
  quarantined: { label: "quarantined", token: "interrupted", stroke: "M8 2l6 11.5H2zM8 6.4v3.4M8 11.4v.4" },
  broken: { label: "broken", token: "failed", stroke: "M8 2l6 11.5H2zM8 6.4v3.4M8 11.4v.4" },
  planned: { label: "would run", token: "queued", stroke: RING },
  proposed: { label: "proposed", token: "queued", stroke: "M4 2.5h8M4 13.5h8M5 2.5c0 4 6 7 6 11M11 2.5c0 4-6 7-6 11" },
  done: { label: "done", token: "success", fill: DISC, ink: "M5 8.2l2.2 2.2L11.2 6" },
  stopped: { label: "stopped", token: "interrupted", stroke: "M3 3h10v10H3z" },
  sent: { label: "sent", token: "success", stroke: "M2.5 8.5l3.5 3.5L13.5 4.5" },
  parked: { label: "parked", token: "retry", stroke: "M3.5 2.5h6a3 3 0 0 1 0 6h-6M3.5 2.5v11" },
  silenced: { label: "silenced", token: "skipped", stroke: "M3 6h2.5L9 3v10L5.5 10H3zM11.5 6l3 4M14.5 6l-3 4" },
  alert: { label: "alert", token: "retry", stroke: "M8 2l6 11.5H2zM8 6.4v3.4M8 11.4v.4" },
};

const UNKNOWN: Look = { label: "", token: "pending", stroke: "M3 8h10" };

/** The look of a state; one that this page has not heard of is shown by its name. */
export function lookOf(state: string): Look {
  return LOOKS[state] ?? { ...UNKNOWN, label: state.replaceAll("_", " ") };
}

/** The order in which states are told of where many are counted: what needs a person comes first. */
export const WEIGHT: readonly string[] = [
  "failed",
  "interrupted",
  "held",
  "upstream_failed",
  "up_for_retry",
  "running",
  "deferred",
  "queued",
  "pending",
  "cancelled",
  "skipped",
  "success",
];

/** Counts by state in that order, without zeros. */
export function ranked(counts: Record<string, number>): [string, number][] {
  const place = (state: string) => WEIGHT.indexOf(state) + 1 || WEIGHT.length + 1;
  return Object.entries(counts)
    .filter(([, n]) => n > 0)
    .sort(([a], [b]) => place(a) - place(b));
}
