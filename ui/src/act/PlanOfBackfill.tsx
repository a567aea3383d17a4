import { useMemo } from "react";
import type { BackfillPlan } from "~/api/schema";
import { SlotGrid } from "~/pages/backfill/SlotGrid";
import { ranked } from "~/ui/marks";
import { State } from "~/ui/State";
import { count } from "~/ui/words";
import { Names, Part } from "./lists";
import { told } from "./size";

/** What a backfill would do: how long it takes, what it disturbs, and every interval that it runs. */
export function PlanOfBackfill({ plan }: { plan: BackfillPlan }) {
  const [sum, ...more] = told(plan);
  const left = ranked(plan.left_alone ?? {});
  const connections = Object.entries(plan.connections ?? {});
  return (
    <>
      <p className="act-sum">
        <strong>{sum}</strong>
      </p>
      {more.map((line) => (
        <p key={line}>{line}</p>
      ))}
      {plan.intervals.length > 0 && <Intervals of={plan.intervals} />}
      {left.length > 0 && (
        <p className="act-left">
          Left alone:
          {left.map(([state, n]) => (
            <span key={state}>
              {count(n)} <State state={state} />
            </span>
          ))}
        </p>
      )}
      {plan.not_idempotent.length > 0 && (
        <Part title="Say of themselves that they must not run twice" grave>
          <Names of={plan.not_idempotent} />
        </Part>
      )}
      {connections.length > 0 && (
        <Part title="Connections, with how many runs use each at once">
          <Names of={connections.map(([name, n]) => `${name} (${n})`)} />
        </Part>
      )}
      <Part title="Tasks">
        <Names of={plan.tasks} />
      </Part>
    </>
  );
}

function Intervals({ of }: { of: readonly string[] }) {
  const slots = useMemo(() => of.map((key) => ({ key, state: "planned" })), [of]);
  return <SlotGrid slots={slots} label="intervals that would run" />;
}
