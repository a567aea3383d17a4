import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import type { DagPage, TaskLine } from "~/api/schema";
import { Button, Empty } from "~/ui/parts";
import { Typed } from "~/ui/Typed";
import { length, many, plain } from "~/ui/words";

const STEP = 200;

function fits(task: TaskLine, text: string): boolean {
  return [task.task_id, task.owner ?? "", task.role ?? "", task.pool ?? "", task.doc, ...task.tags].some((word) =>
    word.toLowerCase().includes(text),
  );
}

/** What the file says of each task. */
export default function Tasks({ dag }: { dag: DagPage }) {
  const { text = "" } = useSearch({ strict: false });
  const navigate = useNavigate();
  const [most, setMost] = useState(STEP);
  const all = dag.tasks ?? [];
  const found = text ? all.filter((task) => fits(task, text.trim().toLowerCase())) : all;
  return (
    <>
      <div className="filters">
        <Typed
          name="text"
          label="name, owner, role, pool, words"
          words={{ text }}
          change={(some) => void navigate({ to: ".", search: { tab: "tasks", ...some } as never, replace: true })}
        />
        <span className="muted dag-count" role="status">
          {many(found.length, "task")}
        </span>
      </div>
      <section className="panel" aria-label="tasks">
        {found.length === 0 ? (
          <Empty>{all.length ? `No task contains “${text}”.` : "Its tasks are made while it runs: open a run."}</Empty>
        ) : (
          <div className="scroll">
            <table>
              <thead>
                <tr>
                  <th>task</th>
                  <th>kind</th>
                  <th className="number">usually</th>
                  <th className="number">retries</th>
                  <th>runs when</th>
                  <th>waits for</th>
                  <th>pool</th>
                  <th>owner</th>
                  <th>role</th>
                </tr>
              </thead>
              <tbody>
                {found.slice(0, most).map((task) => (
                  <Row key={task.task_id} task={task} file={dag.file} />
                ))}
              </tbody>
            </table>
          </div>
        )}
        {found.length > most && (
          <div className="more">
            <Button onClick={() => setMost(most + 5 * STEP)}>
              {many(found.length - most, "more task")}: show some
            </Button>
          </div>
        )}
      </section>
    </>
  );
}

function Row({ task, file }: { task: TaskLine; file: string }) {
  const names = (some: readonly string[]) => <bdi>{some.slice(0, 6).join(", ")}</bdi>;
  return (
    <tr>
      <td className="dag-task">
        <Link to="." search={{ task: task.task_id } as never} className="link">
          <bdi>{task.task_id}</bdi>
        </Link>
        {task.mapped && <span className="tag">mapped</span>}
        {task.line > 0 && (
          <small>
            {file}:{task.line}
          </small>
        )}
        {task.doc && <small className="dag-doc">{task.doc}</small>}
        {(task.inlets.length > 0 || task.outlets.length > 0) && (
          <small>
            {task.inlets.length > 0 && <>reads {names(task.inlets)} </>}
            {task.outlets.length > 0 && <>makes {names(task.outlets)}</>}
          </small>
        )}
        {task.starts.length > 0 && <small>starts {names(task.starts)}</small>}
      </td>
      <td>{plain(task.kind)}</td>
      <td className="number">{length(task.seconds)}</td>
      <td className="number">{task.retries || <span className="none">–</span>}</td>
      <td>{plain(task.trigger_rule)}</td>
      <td className="dag-upstream">
        {task.upstream.length ? (
          <>
            {names(task.upstream)}
            {task.upstream.length > 6 && ` and ${task.upstream.length - 6} more`}
          </>
        ) : (
          <span className="none">nothing</span>
        )}
      </td>
      <td>{task.pool ?? <span className="none">–</span>}</td>
      <td>{task.owner ? <bdi>{task.owner}</bdi> : <span className="none">–</span>}</td>
      <td>{task.role ?? <span className="none">–</span>}</td>
    </tr>
  );
}
