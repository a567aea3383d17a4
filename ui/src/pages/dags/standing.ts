/** How a DAG stands with its clock, in a word and a sentence. Pure. */
import type { DagItem } from "~/api/schema";
import { moment } from "~/ui/time";
import { many } from "~/ui/words";

export interface Standing {
  /** A state that has a mark; empty where all is as it should be. */
  readonly state: string;
  readonly text: string;
}

const CLOCKS: Record<string, string> = {
  "by hand": "runs when asked to",
  once: "runs once",
  over: "its schedule is over",
  "not seen": "no scheduler has seen it yet",
};

/** What is wrong or special about it; null where its clock just runs. */
export function standingOf(dag: DagItem): Standing | null {
  if (dag.quarantined) return { state: "quarantined", text: dag.quarantined };
  if (dag.error) return { state: "broken", text: dag.error };
  if (dag.clock === "retired") return { state: "retired", text: "no file declares it any more" };
  if (dag.paused) {
    const until = dag.paused_until ? `until ${moment(dag.paused_until, dag.timezone)}` : "";
    return {
      state: "paused",
      text: [until, dag.hard && "nothing of its runs goes on either"].filter(Boolean).join("; "),
    };
  }
  if (dag.waiting) return { state: "waiting", text: `${many(dag.waiting, "interval")} due, run as there is room` };
  const text = dag.next ? "" : CLOCKS[dag.clock];
  return text ? { state: "", text } : null;
}
