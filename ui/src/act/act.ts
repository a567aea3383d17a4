/**
 * What somebody can do. An act is data: a button holds one, `ask` opens the dialog that first shows what it will do, then
 * does it, then tells what has become of it.
 */
import type { SelectBackfills, SelectRuns } from "~/api/schema";

/** Runs by name, or whatever fits a filter (never more than was on the list: the plan says how many). */
export type Runs = { runs: string[] } | { select: Partial<SelectRuns> };
export type Dags = { dags: string[] } | { select: string };
export type Backfills = { backfills: string[] } | { select: Partial<SelectBackfills> };

export type Act =
  | { act: "retry"; of: Runs; tasks?: string[]; only?: boolean }
  | { act: "rerun"; of: Runs; failed?: boolean; tasks?: string[] }
  | { act: "cancel"; of: Runs }
  | { act: "mark"; of: Runs; task: string; state?: "success" | "failed" | "skipped" }
  | { act: "release"; of: Runs; task?: string }
  | { act: "reject"; of: Runs; task?: string }
  | { act: "trigger"; of: Dags; date?: string }
  | { act: "pause"; of: Dags }
  | { act: "unpause"; of: Dags }
  | { act: "backfill"; dag: string; range?: string; only?: string[] }
  | { act: "backfills.pause" | "backfills.resume" | "backfills.cancel" | "backfills.again"; of: Backfills }
  | { act: "silence"; select: string };
