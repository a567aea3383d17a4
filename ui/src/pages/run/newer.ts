import { useQuery } from "@tanstack/react-query";
import { $api, api } from "~/api/client";
import type { RunWhole } from "~/api/schema";
import { reaches, useRole } from "~/api/session";

const STUCK = ["failed", "interrupted", "cancelled", "held"];

/** Whether what failed in a run has newer code, and which; only the newest version, for who may not ask for it. */
export function useNewer(run: RunWhole) {
  const role = useRole(run.dag_id);
  const stuck = STUCK.includes(run.state);
  const dag = $api.useQuery(
    "get",
    "/api/v1/dags/{dag}",
    { params: { path: { dag: run.dag_id } } },
    { enabled: stuck, retry: false },
  );
  const version = dag.data?.version ?? run.version;
  const asked = useQuery({
    queryKey: ["newer", run.run_id, run.state, run.round, version],
    queryFn: async ({ signal }) => {
      const body = { runs: [run.run_id], dry_run: true, tasks: [], only: false, force: false };
      const { data } = await api.POST("/api/v1/runs/retry", { body, signal });
      return data && "newer" in data ? data.newer : [];
    },
    enabled: stuck && version > run.version && reaches(role, "operator"),
    staleTime: 60_000,
  });
  const tasks = asked.data ?? [];
  return { version, tasks, newer: asked.data ? tasks.length > 0 : stuck && version > run.version };
}

export type Newer = ReturnType<typeof useNewer>;
