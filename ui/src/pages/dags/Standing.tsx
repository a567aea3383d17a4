import type { DagItem } from "~/api/schema";
import { State } from "~/ui/State";
import { standingOf } from "./standing";

/** What is wrong or special about the clock of a DAG; nothing where it just runs. */
export function Standing({ dag }: { dag: DagItem }) {
  const standing = standingOf(dag);
  if (!standing) return null;
  return (
    <span className="standing">
      {standing.state && <State state={standing.state} />} {standing.text && <small>{standing.text}</small>}
    </span>
  );
}
