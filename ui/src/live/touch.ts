/** Which answers an event makes old. Pure. */
import type { LogEvent } from "./event";

/** What has happened since the last look: DAGs, runs, and the kinds of events. */
export interface Touched {
  readonly dags: Set<string>;
  readonly runs: Set<string>;
  readonly kinds: Set<string>;
}

export function nothing(): Touched {
  return { dags: new Set(), runs: new Set(), kinds: new Set() };
}

export function touch(touched: Touched, event: LogEvent) {
  if (event.dag) touched.dags.add(event.dag);
  if (event.run) touched.runs.add(event.run);
  touched.kinds.add(event.kind);
}

const RUNS = ["run", "task", "hook", "slot", "expanded", "spawned", "backfill", "timing", "forgotten", "definition"];

/** Lists that hold things of many DAGs, and the kinds of events that change them. */
const LISTS: Record<string, readonly string[]> = {
  "/api/v1/overview": [...RUNS, "alert", "folded", "quarantined", "version"],
  "/api/v1/dags": ["run", "timing", "version", "definition", "renamed", "quarantined", "foretold"],
  "/api/v1/runs": ["run", "task"],
  "/api/v1/missing": ["slot", "timing", "foretold"],
  "/api/v1/next": ["timing", "version", "foretold"],
  "/api/v1/resources": ["task", "pool"],
  "/api/v1/resources/history": ["task"],
  "/api/v1/pools": ["task", "pool"],
  "/api/v1/backfills": ["backfill", "run"],
  "/api/v1/backfills/{backfill}": ["backfill", "run"],
  "/api/v1/alerts": ["alert", "folded", "delivery"],
  "/api/v1/silences": ["silence"],
  "/api/v1/connections": ["connection"],
  "/api/v1/secrets": ["secret"],
  "/api/v1/audit": ["request", "run", "timing", "backfill", "pool"],
};

interface Question {
  params?: { path?: Record<string, unknown> };
}

/** Whether the answer to a question (`["get", path, question]`) is old now; `data` is the answer. */
export function isOld(key: readonly unknown[], data: unknown, touched: Touched): boolean {
  const path = key[1];
  if (typeof path !== "string") return false;
  const kinds = LISTS[path];
  const of = (data as { dag_id?: unknown } | undefined)?.dag_id; // of a thing that belongs to one DAG
  if (kinds) return kinds.some((kind) => touched.kinds.has(kind)) && (typeof of !== "string" || touched.dags.has(of));
  const named = (key[2] as Question | undefined)?.params?.path ?? {};
  if (path.startsWith("/api/v1/dags/{dag}")) return touched.dags.has(String(named.dag));
  const run = (data as { run_id?: unknown } | undefined)?.run_id;
  if (path.startsWith("/api/v1/runs/{run}"))
    return touched.runs.has(String(named.run)) || (typeof run === "string" && touched.runs.has(run));
  if (path === "/api/v1/attempts/{attempt}") return typeof run === "string" && touched.runs.has(run);
  return false;
}

/**
 * How long the answers of a question may be left old while events pour in, in milliseconds. A list that has come page by
 * page is asked for page by page again: the longer it is, the less often.
 */
export function patience(path: unknown, data?: unknown): number {
  if (typeof path !== "string") return 250;
  if (path.endsWith("/graph")) return 3_000; // it may be of 20,000 tasks, and patches itself by every event
  const pages = (data as { pages?: readonly unknown[] } | undefined)?.pages?.length ?? 1;
  return (path in LISTS ? 1_000 : 250) * Math.max(1, pages);
}
