import type { DagItem } from "~/api/schema";
import { State } from "~/ui/State";
import { standingOf } from "./standing";

/** What is wrong or special about the clock of a DAG; nothing where it just runs. `brief`: its schedule stands beside it. */
export function Standing({ dag, brief = false }: { dag: DagItem; brief?: boolean }) {
  const standing = standingOf(dag);
  if (!standing || (brief && !standing.state)) return null;
  return (
    <span className="standing">
      {standing.state && <State state={standing.state} />} {standing.text && <small>{standing.text}</small>}
    </span>
  );
}
