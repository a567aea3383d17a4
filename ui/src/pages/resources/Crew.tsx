import { Link } from "@tanstack/react-router";
import type { Resources } from "~/api/schema";
import { Empty, Panel } from "~/ui/parts";
import { State } from "~/ui/State";
import { bytes, count, many, percent } from "~/ui/words";

/** Every worker process: what it runs, and what it uses. */
export function Crew({ of }: { of: Resources }) {
  return (
    <Panel title="Workers" aside={many(of.crew.length, "process", "processes")}>
      {of.crew.length ? (
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Process</th>
                <th scope="col">Runs</th>
                <th scope="col" className="number">
                  Behind it
                </th>
                <th scope="col" className="number">
                  CPU
                </th>
                <th scope="col" className="number">
                  Memory
                </th>
              </tr>
            </thead>
            <tbody>
              {of.crew.map((worker) => (
                <tr key={`${worker.location} ${worker.pid}`}>
                  <td>
                    <span className="number">{worker.pid}</span>{" "}
                    {worker.location && <small>at {worker.location}</small>}
                  </td>
                  <td>
                    {worker.busy ? <State state="running" /> : <span className="muted">idle</span>}{" "}
                    {worker.run_id && (
                      <Link to="/runs/$run" params={{ run: worker.run_id }} search={{ task: worker.task ?? undefined }}>
                        <bdi>{worker.run_id}</bdi> · <bdi>{worker.task}</bdi>
                        {(worker.attempt ?? 1) > 1 && <small> attempt {worker.attempt}</small>}
                      </Link>
                    )}
                  </td>
                  <td className="number">{worker.queued ? count(worker.queued) : ""}</td>
                  <td className="number">{percent(worker.cpu)}</td>
                  <td className="number">{bytes(worker.memory)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <Empty>
          {of.leads
            ? "No worker process runs: one starts as soon as a task wants it."
            : "Nobody gives work to workers: none runs."}
        </Empty>
      )}
    </Panel>
  );
}
