import { Link } from "@tanstack/react-router";
import type { Step } from "~/api/schema";
import { Empty } from "~/ui/parts";
import { State } from "~/ui/State";
import { label, length } from "~/ui/words";

/** The tasks that decided how long a run took, with what each of them waited and ran. */
export function Critical({ steps, seconds }: { steps: readonly Step[]; seconds: number }) {
  if (steps.length === 0) return <Empty>No task has ended yet.</Empty>;
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">task</th>
            <th scope="col">state</th>
            <th scope="col" className="number">
              waited
            </th>
            <th scope="col" className="number">
              ran
            </th>
            <th scope="col" className="gantt-share">
              share
            </th>
          </tr>
        </thead>
        <tbody>
          {steps.map((step) => (
            <tr key={label(step.task_id, step.map_index)}>
              <td>
                <Link
                  to="."
                  search={
                    ((old: Record<string, unknown>) => ({ ...old, task: label(step.task_id, step.map_index) })) as never
                  }
                  resetScroll={false}
                >
                  <bdi>{label(step.task_id, step.map_index)}</bdi>
                </Link>
              </td>
              <td>
                <State state={step.state} />
              </td>
              <td className="number">{length(step.waited_seconds)}</td>
              <td className="number">{length(step.ran_seconds)}</td>
              <td>
                <span className="gantt-parts" aria-hidden="true">
                  <i className="waits" style={{ width: `${(100 * step.waited_seconds) / (seconds || 1)}%` }} />
                  <i className="runs" style={{ width: `${(100 * step.ran_seconds) / (seconds || 1)}%` }} />
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
