import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { $api } from "~/api/client";
import type { RunWhole } from "~/api/schema";
import { Answer, Empty, Panel, Time } from "~/ui/parts";
import { Value } from "./Value";

/** What the run was given: params, interval, version. */
export function Params({ run }: { run: RunWhole }) {
  const asked = $api.useQuery("get", "/api/v1/runs/{run}/params", { params: { path: { run: run.run_id } } });
  return (
    <div className="columns">
      <Panel title="Params">
        <Answer of={asked}>
          {(values) =>
            values.length === 0 ? (
              <Empty>This DAG has no params.</Empty>
            ) : (
              <table>
                <tbody>
                  {values.map((one) => (
                    <tr key={one.name}>
                      <th scope="row">
                        <bdi>{one.name}</bdi>
                      </th>
                      <td className="wide">
                        <Value of={one} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )
          }
        </Answer>
      </Panel>
      <Panel title="Run">
        <table>
          <tbody>
            {factsOf(run).map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td className="wide">{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Panel>
    </div>
  );
}

function factsOf(run: RunWhole): [string, ReactNode][] {
  const at = (name: string, instant: string | null | undefined): [string, ReactNode] => [
    name,
    instant && <Time key={name} at={instant} zone={run.timezone} precision="second" />,
  ];
  const all: [string, ReactNode][] = [
    ["number", run.number],
    ["key", run.key],
    at("covers from", run.interval?.start),
    at("until", run.interval?.end),
    ["zone", run.timezone],
    [
      "version",
      <Link
        key="version"
        to="/dags/$dag"
        params={{ dag: run.dag_id }}
        search={{ tab: "versions" } as never}
        className="link"
      >
        {run.version}
      </Link>,
    ],
    ["kind", run.kind],
    ["asked by", run.actor && <bdi>{run.actor}</bdi>],
    ["reason", run.reason && <bdi>{run.reason}</bdi>],
    ["round", run.round],
    at("due", run.due_at),
    at("made", run.created_at),
    at("began", run.started_at),
    at("ended", run.ended_at),
  ];
  return all.filter(([, value]) => value != null && value !== "");
}
