import { Link } from "@tanstack/react-router";
import type { Resources } from "~/api/schema";
import { Empty, Panel } from "~/ui/parts";
import { count, length } from "~/ui/words";
import { ofWindow, price } from "./history";

/** What each DAG used, the dearest first. */
export function Costs({ of }: { of: Resources }) {
  const { costs = [] } = of;
  const most = Math.max(...costs.map((one) => one.worker_seconds), 0);
  return (
    <Panel
      title="Use by DAG"
      aside={`of the last ${ofWindow(of.window_seconds)}${of.complete ? "" : ": there were too many attempts for more"}`}
    >
      {costs.length ? (
        <div className="scroll">
          <table className="costs">
            <thead>
              <tr>
                <th scope="col">DAG</th>
                <th scope="col">Share of the largest</th>
                <th scope="col" className="number">
                  Time on workers
                </th>
                <th scope="col" className="number">
                  CPU time
                </th>
                <th scope="col" className="number">
                  Attempts
                </th>
                {of.price > 0 && (
                  <th scope="col" className="number">
                    Cost
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {costs.map((one) => (
                <tr key={one.dag_id}>
                  <td>
                    <Link to="/dags/$dag" params={{ dag: one.dag_id }}>
                      <bdi>{one.dag_id}</bdi>
                    </Link>
                  </td>
                  <td className="bar">
                    <span style={{ width: `${(100 * one.worker_seconds) / (most || 1)}%` }} />
                  </td>
                  <td className="number">{length(one.worker_seconds)}</td>
                  <td className="number">{length(one.cpu_seconds)}</td>
                  <td className="number">{count(one.attempts)}</td>
                  {of.price > 0 && <td className="number">{price(one.cost)}</td>}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <Empty>Nothing ran in this time.</Empty>
      )}
    </Panel>
  );
}
