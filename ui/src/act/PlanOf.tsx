import { Link } from "@tanstack/react-router";
import { $api } from "~/api/client";
import type { ObjectPlan, Reuse, RunPlan, Why } from "~/api/schema";
import { Button, Time } from "~/ui/parts";
import { count, many } from "~/ui/words";
import { Code } from "./Code";
import { List, Names, Part, Refused, SHOWN } from "./lists";
import { PlanOfBackfill } from "./PlanOfBackfill";
import { type Plan, sentence } from "./size";

/** What an act would do, in the server's words. `withNewCode` turns a retry into a rerun with the newest code. */
export function PlanOf({ plan, zone, withNewCode }: { plan: Plan; zone?: string; withNewCode?: () => void }) {
  if ("total" in plan) return <OfRuns plan={plan} zone={zone} withNewCode={withNewCode} />;
  if ("intervals" in plan) return <PlanOfBackfill plan={plan} />;
  return <OfObjects plan={plan} />;
}

function OfRuns({ plan, zone, withNewCode }: { plan: RunPlan; zone?: string; withNewCode?: () => void }) {
  const alone = plan.total === 1 ? plan.runs[0] : undefined;
  return (
    <>
      {withNewCode && plan.newer.length > 0 && (
        <div className="act-newer">
          <p>
            <Names of={plan.newer.map((one) => one.task_id)} /> {plan.newer.length === 1 ? "has" : "have"} newer code. A
            retry runs the code that the run began with.
          </p>
          <Button look="primary" onClick={withNewCode}>
            Rerun failed with the new code
          </Button>
        </div>
      )}
      <p className="act-sum">
        {plan.total === 0 ? (
          "No run is meant: there is nothing to do."
        ) : (
          <>
            <strong>{many(plan.total, "run")}</strong>
            {plan.tasks > 0 ? `, ${many(plan.tasks, "task")}` : plan.act !== "mark" && ", no task is touched"}
            {plan.since && (
              <>
                , made {plan.total > 1 && "since "}
                <Time at={plan.since} zone={zone} />
              </>
            )}
          </>
        )}
      </p>
      {plan.total > 1 && <List of={plan.runs} total={plan.total} />}
      {plan.causes.length > 0 && (
        <Part title="Why they failed">
          <ul className="act-list">
            {plan.causes.slice(0, SHOWN).map((cause) => (
              <li key={cause.text}>
                {cause.count > 1 && <span className="number">{cause.count} × </span>}
                {cause.text}
              </li>
            ))}
          </ul>
        </Part>
      )}
      {plan.reuse.map((reuse, index) => (
        <Taken key={reuse.run_id} reuse={reuse} named={plan.total > 1} open={index === 0} />
      ))}
      {alone && <Downstream run={alone} zone={zone} />}
      <Refused of={plan.refused} />
    </>
  );
}

function Taken({ reuse, named, open }: { reuse: Reuse; named: boolean; open: boolean }) {
  const { reused, runs, fresh, gone, changed, diff } = { ...reuse, fresh: reuse.new };
  const sum = `${many(runs.length, "task")} anew, ${count(reused.length)} taken over`;
  return (
    <details className="act-part" open={open}>
      <summary>
        {named ? (
          <>
            <bdi>{reuse.run_id}</bdi>: {sum}
          </>
        ) : (
          sum
        )}
      </summary>
      <Reasons title="Run anew" of={runs} />
      {reused.length > 0 && (
        <Part title="Taken over as they are">
          <Names of={reused} />
        </Part>
      )}
      {changed.length > 0 && (
        <Part title="Taken over although their code has changed" grave>
          <Names of={changed} />
        </Part>
      )}
      {fresh.length > 0 && (
        <Part title="New">
          <Names of={fresh} />
        </Part>
      )}
      {gone.length > 0 && (
        <Part title="Gone">
          <Names of={gone} />
        </Part>
      )}
      <Reasons title="What has changed" of={diff} />
      <Code run={reuse.run_id} />
    </details>
  );
}

function Reasons({ title, of }: { title: string; of: readonly Why[] }) {
  if (!of.length) return null;
  return (
    <Part title={title}>
      <ul className="act-list">
        {of.slice(0, SHOWN).map((one) => (
          <li key={one.task_id}>
            <bdi>
              <code>{one.task_id}</code>
            </bdi>{" "}
            {one.text}
          </li>
        ))}
        {of.length > SHOWN && <li className="muted">and {count(of.length - SHOWN)} more</li>}
      </ul>
    </Part>
  );
}

/** What waits for the result of a run. */
function Downstream({ run, zone }: { run: string; zone?: string }) {
  const { data } = $api.useQuery("get", "/api/v1/runs/{run}/blast", { params: { path: { run } } });
  if (!data) return null;
  const { tasks, dags, hidden, backfill_id, deadlines } = data;
  if (!(tasks.length || data.data.length || dags.length || hidden || backfill_id || deadlines.length)) return null;
  return (
    <Part title="Waits for it downstream">
      <ul className="act-list">
        {tasks.length > 0 && (
          <li>
            {many(tasks.length, "task")}: <Names of={tasks} />
          </li>
        )}
        {data.data.length > 0 && (
          <li>
            data: <Names of={data.data} />
          </li>
        )}
        {dags.length > 0 && (
          <li>
            {many(dags.length, "DAG")}: <Names of={dags} />
          </li>
        )}
        {hidden > 0 && <li>{many(hidden, "DAG")} that you may not see</li>}
        {backfill_id && (
          <li>
            <Link to="/backfills/$backfill" params={{ backfill: backfill_id }} className="link">
              backfill {backfill_id}
            </Link>
          </li>
        )}
        {deadlines.map(([task, at]) => (
          <li key={`${task} ${at}`}>
            {task ? <code>{task}</code> : "the run"} is due by <Time at={at} zone={zone} />
          </li>
        ))}
      </ul>
    </Part>
  );
}

function OfObjects({ plan }: { plan: ObjectPlan }) {
  return (
    <>
      <p className="act-sum">
        {plan.objects.length === 0 ? (
          "There is nothing to do."
        ) : (
          <strong>{many(plan.objects.length, nounOf(plan))}</strong>
        )}
      </p>
      <List of={plan.objects} total={plan.objects.length} />
      {plan.notes.map((note) => (
        <p key={note} className="muted">
          {sentence(note)}
        </p>
      ))}
      <Refused of={plan.refused} />
    </>
  );
}

function nounOf({ act, objects }: ObjectPlan): string {
  if (act === "trigger" || objects.some((name) => name.includes("@"))) return "run";
  return objects.every((name) => /^\d+$/.test(name)) ? "backfill" : "DAG";
}
