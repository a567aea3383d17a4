import { $api } from "~/api/client";
import { Graph } from "~/graph/Canvas";
import { Answer } from "~/ui/parts";

/** The graph of a DAG, of its newest version or another. */
export function DagGraph({ dag, version }: { dag: string; version?: number }) {
  const params = { path: { dag }, query: version === undefined ? {} : { version } };
  const asked = $api.useQuery("get", "/api/v1/dags/{dag}/graph", { params });
  return (
    <Answer of={asked}>
      {(page) => <Graph key={`${page.dag_id} ${page.version}`} page={page} label={`graph of ${page.dag_id}`} />}
    </Answer>
  );
}
