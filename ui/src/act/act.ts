/**
 * What somebody can do. An act is data: a button holds one, `ask` opens the dialog that first shows what it will do, then
 * does it, then tells what has become of it.
 */
import type { SelectBackfills, SelectRuns } from "~/api/schema";

/** Runs by name, or whatever fits a filter (never more than was on the list: the plan says how many). */
export type Runs = { runs: string[] } | { select: Partial<SelectRuns> };
export type Dags = { dags: string[] } | { select: string };
export type Backfills = { backfills: string[] } | { select: Partial<SelectBackfills> };

export type TaskEnd = "success" | "failed" | "skipped";

/** `mark` with an empty task asks for one, `backfill` with an empty DAG too; what an act leaves open is asked for in the dialog. */
export type Act =
  | { act: "retry"; of: Runs; tasks?: string[]; only?: boolean }
  | { act: "rerun"; of: Runs; failed?: boolean; tasks?: string[] }
  | { act: "cancel"; of: Runs }
  | { act: "mark"; of: Runs; task: string; state?: TaskEnd }
  | { act: "release"; of: Runs; task?: string; fromNowOn?: boolean }
  | { act: "reject"; of: Runs; task?: string }
  | { act: "trigger"; of: Dags; date?: string }
  | { act: "pause"; of: Dags }
  | { act: "unpause"; of: Dags }
  | { act: "backfill"; dag: string; range?: string; only?: string[] }
  | { act: "backfills.pause" | "backfills.resume" | "backfills.cancel" | "backfills.again"; of: Backfills }
  | { act: "silence"; select: string };

export type Verb = Act["act"];

/** The DAG that an act is about, where it is one. */
export function dagOf(act: Act): string | null {
  if (act.act === "backfill") return act.dag || null;
  if (!("of" in act)) return null;
  if ("dags" in act.of) return only(act.of.dags);
  return "runs" in act.of ? only(act.of.runs.map((run) => run.slice(0, run.lastIndexOf("@")))) : null;
}

function only(names: string[]): string | null {
  const [first, ...others] = new Set(names);
  return first && others.length === 0 ? first : null;
}
