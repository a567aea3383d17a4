import { $api } from "~/api/client";
import { Why } from "~/ui/parts";

/** Why a run has not begun: the server works that out when it is asked. */
export function WaitsFor({ run }: { run: string }) {
  const { data } = $api.useQuery("get", "/api/v1/runs/{run}/why", { params: { path: { run } } });
  return data ? <Why>{data.why}</Why> : null;
}
