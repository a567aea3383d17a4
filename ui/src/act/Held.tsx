import { Link } from "@tanstack/react-router";
import { $api } from "~/api/client";
import type { HeldTask } from "~/api/schema";
import { type Made, PreviewOf } from "~/pages/run/Preview";
import { Ago, Answer, Panel, Why } from "~/ui/parts";
import { State } from "~/ui/State";
import { label, many } from "~/ui/words";
import { ActButton } from "./Acting";
import { sentence } from "./size";
import "./held.css";

const SHOWN = 20;

/** Every held task of a run: why, what it made beside what it made when it was last good, and what can be done. */
export function HeldTasks({ run }: { run: string }) {
  const asked = $api.useQuery("get", "/api/v1/runs/{run}/held", { params: { path: { run } } });
  return (
    <Answer of={asked}>
      {(tasks) => (
        <>
          {tasks.length > 1 && <All run={run} n={tasks.length} />}
          {tasks.slice(0, SHOWN).map((held) => (
            <One key={label(held.task_id, held.map_index)} run={run} held={held} />
          ))}
        </>
      )}
    </Answer>
  );
}

function All({ run, n }: { run: string; n: number }) {
  const of = { runs: [run] };
  return (
    <div className="row">
      <strong>{many(n, "task")} are held.</strong>
      <ActButton act={{ act: "release", of }} dag={dagIn(run)}>
        Release all
      </ActButton>
      <ActButton act={{ act: "reject", of }} dag={dagIn(run)} look="danger">
        Reject all
      </ActButton>
      {n > SHOWN && <small>The first {SHOWN} are shown.</small>}
    </div>
  );
}

function dagIn(run: string): string {
  return run.slice(0, run.lastIndexOf("@"));
}

type Held = Omit<HeldTask, "now" | "good"> & { now?: Made | null; good?: Made | null };

function One({ run, held }: { run: string; held: Held }) {
  const task = label(held.task_id, held.map_index);
  const of = { runs: [run] };
  const dag = dagIn(run);
  return (
    <Panel
      className="held"
      title={<bdi>{task}</bdi>}
      aside={
        <>
          <State state="held" /> <Ago at={held.since} />
        </>
      }
    >
      <div className="body held-body">
        <Why state="held">{sentence(held.why)}</Why>
        {held.differs.length > 0 && (
          <ul className="held-differs">
            {held.differs.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
        )}
        <div className="held-sides">
          <Side title="Now" made={held.now} none="Nothing that can be shown." />
          <Side title="Last good" run={held.good_run_id} made={held.good} none="No earlier run was good." />
        </div>
        <div className="row">
          <ActButton act={{ act: "release", of, task }} dag={dag} look="primary">
            Release
          </ActButton>
          <ActButton act={{ act: "release", of, task, fromNowOn: true }} dag={dag}>
            Release from now on
          </ActButton>
          <ActButton act={{ act: "reject", of, task }} dag={dag} look="danger">
            Reject
          </ActButton>
          <small>
            {held.staged
              ? "Readers still see what was there before: a release publishes what is held, a rejection throws it away."
              : "A release lets what follows go on; a rejection fails the task."}
          </small>
        </div>
      </div>
    </Panel>
  );
}

function Side({ title, run, made, none }: { title: string; run?: string | null; made?: Made | null; none: string }) {
  return (
    <section aria-label={title}>
      <h3>
        {title}{" "}
        {run && (
          <Link to="/runs/$run" params={{ run }} className="link">
            <bdi>{run}</bdi>
          </Link>
        )}
      </h3>
      {made ? <PreviewOf of={made} name={false} /> : <p className="muted">{none}</p>}
    </section>
  );
}
