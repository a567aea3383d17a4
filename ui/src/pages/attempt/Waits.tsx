import { $api } from "~/api/client";
import type { AttemptItem } from "~/api/schema";
import { Ago, Empty, Why } from "~/ui/parts";
import { label } from "~/ui/words";

/** What is said where an attempt has no line: that it waits and why, that it has said nothing yet, or that it never did. */
export function Waits({ one }: { one: AttemptItem }) {
  const name = label(one.task_id, one.map_index);
  const waiting = one.started_at === null && one.ended_at === null;
  const why = $api.useQuery(
    "get",
    "/api/v1/runs/{run}/why",
    { params: { path: { run: one.run_id }, query: { task: name } } },
    { enabled: waiting },
  );
  if (!waiting)
    return <Empty>{one.ended_at ? "It has written nothing." : "It runs, and has written nothing yet."}</Empty>;
  return (
    <div className="empty">
      <p>
        It waits for a worker, queued <Ago at={one.queued_at} />.
      </p>
      <Why>{why.data?.tasks[0]?.why}</Why>
    </div>
  );
}
