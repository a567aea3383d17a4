import { ActButton } from "~/act/Acting";
import type { Act, Runs } from "~/act/act";
import { Button } from "~/ui/parts";
import { many } from "~/ui/words";

const ACTS: readonly (readonly [title: string, make: (of: Runs) => Act, look?: "danger"])[] = [
  ["Rerun failed with the newest code", (of) => ({ act: "rerun", of, failed: true })],
  ["Retry", (of) => ({ act: "retry", of })],
  ["Rerun all", (of) => ({ act: "rerun", of })],
  ["Mark …", (of) => ({ act: "mark", of, task: "" })],
  ["Release", (of) => ({ act: "release", of })],
  ["Reject", (of) => ({ act: "reject", of }), "danger"],
  ["Cancel", (of) => ({ act: "cancel", of }), "danger"],
];

/** What can be done with what is picked. */
export function Bulk({
  of,
  all,
  size,
  pickAll,
  leave,
}: {
  of: Runs;
  /** All that fit the filter are meant, however many. */
  all: boolean;
  size: number;
  /** Means those that are not shown, too; null: there are none, or not all that are shown are picked. */
  pickAll: (() => void) | null;
  leave: () => void;
}) {
  return (
    <section className="bulk" aria-label="what is picked">
      <strong aria-live="polite">{all ? "All that fit this filter" : `${many(size, "run")} picked`}</strong>
      {!all && pickAll && (
        <Button look="quiet" onClick={pickAll}>
          All that fit this filter
        </Button>
      )}
      <div className="acts">
        {ACTS.map(([title, make, look]) => (
          <ActButton key={title} act={make(of)} look={look}>
            {title}
          </ActButton>
        ))}
        <Button look="quiet" onClick={leave}>
          Clear
        </Button>
      </div>
    </section>
  );
}
