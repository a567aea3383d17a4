import { useQueries } from "@tanstack/react-query";
import { $api } from "~/api/client";
import type { ParamValue } from "~/api/schema";
import { Answer, Empty, Panel } from "~/ui/parts";
import { many } from "~/ui/words";
import { type Made, PreviewOf } from "../run/Preview";
import { Value } from "../run/Value";

const FIRST = 8;

/** What an attempt was given: the params of its run, and what the tasks made whose results it takes. */
export function Inputs({ run, task }: { run: string; task: string }) {
  const path = { run };
  const params = $api.useQuery("get", "/api/v1/runs/{run}/params", { params: { path } });
  const graph = $api.useQuery("get", "/api/v1/runs/{run}/graph", { params: { path } });
  const above = (graph.data?.edges ?? [])
    .filter((edge) => edge.target === task && edge.sort === "data")
    .map((edge) => edge.source);
  const made = useQueries({
    queries: above
      .slice(0, FIRST)
      .map((source) =>
        $api.queryOptions("get", "/api/v1/runs/{run}/results", { params: { path, query: { task: source } } }),
      ),
    combine: (all) => all.flatMap((one): Made[] => one.data ?? []),
  });
  const left = above.length - Math.min(above.length, FIRST) + made.length - Math.min(made.length, FIRST);
  return (
    <Panel title="Inputs">
      <Answer of={params} lines={2}>
        {(values) =>
          values.length === 0 && made.length === 0 ? (
            <Empty>{graph.isPending ? "…" : "It takes no params and no results of other tasks."}</Empty>
          ) : (
            <div className="body att-inputs">
              {values.length > 0 && <Values of={values} />}
              {made.slice(0, FIRST).map((one) => (
                <PreviewOf key={`${one.task_id} ${one.map_index}`} of={one} />
              ))}
              {left > 0 && <small>and {many(left, "more result")}</small>}
            </div>
          )
        }
      </Answer>
    </Panel>
  );
}

function Values({ of }: { of: readonly ParamValue[] }) {
  return (
    <dl className="att-params">
      {of.map((one) => (
        <div key={one.name}>
          <dt>
            <bdi>{one.name}</bdi>
          </dt>
          <dd>
            <Value of={one} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
