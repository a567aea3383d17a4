import { useMemo } from "react";
import type { BackfillPlan } from "~/api/schema";
import { ranked } from "~/ui/marks";
import { Empty } from "~/ui/parts";
import { State } from "~/ui/State";
import { count, many } from "~/ui/words";
import { SlotGrid } from "../backfill/SlotGrid";
import { told } from "./wish";

/** What a backfill would do, before it does. */
export function Plan({
  plan,
  waiting,
  asked,
}: {
  plan: BackfillPlan | null | undefined;
  waiting: boolean;
  asked: boolean;
}) {
  if (!plan)
    return (
      <section className="backfills-plan" aria-label="what it would do">
        <Empty>
          {asked ? (waiting ? "Asking the server…" : "See the field that is marked.") : "Choose a DAG and a range."}
        </Empty>
      </section>
    );
  const [sum, ...more] = told(plan);
  const left = ranked(plan.left_alone ?? {});
  const connections = Object.entries(plan.connections ?? {});
  return (
    <section className="backfills-plan" aria-label="what it would do" aria-busy={waiting} aria-live="polite">
      <p className="backfills-sum">{sum}</p>
      {more.map((line) => (
        <p key={line}>{line}</p>
      ))}
      {plan.not_idempotent.length > 0 && (
        <p className="backfills-danger" role="note">
          {plan.not_idempotent.join(", ")} {plan.not_idempotent.length === 1 ? "says that it" : "say that they"} must
          not run twice for one interval.
        </p>
      )}
      {left.length > 0 && (
        <p className="backfills-left">
          Left alone:
          {left.map(([state, n]) => (
            <span key={state}>
              {count(n)} <State state={state} />
            </span>
          ))}
        </p>
      )}
      {connections.length > 0 && (
        <p>
          Connections it shares: {connections.map(([name, n]) => `${name} (${many(n, "run")} at once)`).join(", ")}.
        </p>
      )}
      {plan.intervals.length > 0 && <Grid intervals={plan.intervals} />}
      <p className="muted">
        Tasks: {plan.tasks.slice(0, 12).join(", ")}
        {plan.tasks.length > 12 && ` and ${count(plan.tasks.length - 12)} more`}
      </p>
    </section>
  );
}

function Grid({ intervals }: { intervals: readonly string[] }) {
  const slots = useMemo(() => intervals.map((key) => ({ key, state: "planned" })), [intervals]);
  return <SlotGrid slots={slots} label="intervals that would run" />;
}
