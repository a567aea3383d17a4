import { ActButton } from "~/act/Acting";
import type { Backfills } from "~/act/act";
import type { BackfillItem } from "~/api/schema";
import { Button } from "~/ui/parts";
import { many } from "~/ui/words";
import { type Move, movesOf } from "./telling";

const ACTS = [
  ["pause", "backfills.pause", "Pause"],
  ["resume", "backfills.resume", "Resume"],
  ["again", "backfills.again", "Retry failed"],
  ["cancel", "backfills.cancel", "Cancel"],
] as const;

/** Acts on what is chosen; on the whole filtered list where nothing is. */
export function Bulk({
  picked,
  items,
  filter,
  clear,
}: {
  picked: readonly BackfillItem[];
  items: readonly BackfillItem[];
  filter: { dag: string | undefined; states: string[] };
  clear: () => void;
}) {
  const filtered = filter.dag !== undefined || filter.states.length > 0;
  if (picked.length === 0 && !filtered) return null;
  const some = picked.length ? picked : items;
  const of: Backfills = picked.length ? { backfills: picked.map((one) => one.id) } : { select: filter };
  const moves = new Set<Move>(some.flatMap(movesOf));
  if (moves.has("start")) moves.add("resume");
  const dags = new Set(some.map((one) => one.dag_id));
  return (
    <div className="bulk" role="toolbar" aria-label="acts on backfills">
      <strong>{picked.length ? `${many(picked.length, "backfill")} chosen` : "all that fit the filter"}</strong>
      {ACTS.filter(([move]) => moves.has(move)).map(([move, act, title]) => (
        <ActButton
          key={move}
          act={{ act, of }}
          dag={dags.size === 1 ? [...dags][0] : "*"}
          look={move === "cancel" ? "danger" : "plain"}
        >
          {title}
        </ActButton>
      ))}
      {moves.size === 0 && <span className="muted">nothing can be done with what has ended well</span>}
      {picked.length > 0 && (
        <Button look="quiet" onClick={clear}>
          Choose none
        </Button>
      )}
    </div>
  );
}
