import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api } from "~/api/client";
import type { DagPage, RunItem } from "~/api/schema";
import { useNow } from "~/live/hooks";
import { Answer, Button, Empty, Lasting, Time, Why } from "~/ui/parts";
import { State } from "~/ui/State";
import { between } from "~/ui/time";
import { label } from "~/ui/words";

const PAGE = 30;

/** The newest runs, each with its why and a way to the log of what failed it. */
export default function Runs({ dag }: { dag: DagPage }) {
  const asked = useInfiniteQuery({
    queryKey: ["get", "/api/v1/dags/{dag}/runs", { params: { path: { dag: dag.dag_id } } }], // old with the DAG's events
    queryFn: async ({ pageParam, signal }) => {
      const query = { dag: exactly(dag.dag_id), limit: PAGE, cursor: pageParam };
      return (await api.GET("/api/v1/runs", { params: { query }, signal })).data;
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page?.next,
  });
  const runs = asked.data?.pages.flatMap((page) => page?.items ?? []);
  const now = useNow(5_000);
  const longest = Math.max(0, ...(runs ?? []).map((run) => lasting(run, now)));
  return (
    <section className="panel" aria-label="runs">
      <Answer of={{ ...asked, data: runs }}>
        {(found) =>
          found.length === 0 ? (
            <Empty>There is no run yet. “Trigger” starts one.</Empty>
          ) : (
            <div className="scroll">
              <table>
                <thead>
                  <tr>
                    <th>run</th>
                    <th>state</th>
                    <th>kind</th>
                    <th>began</th>
                    <th>lasted</th>
                    <th>why</th>
                  </tr>
                </thead>
                <tbody>
                  {found.map((run) => (
                    <Row key={run.number} run={run} zone={dag.timezone} share={lasting(run, now) / (longest || 1)} />
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Answer>
      <div className="more row">
        {asked.hasNextPage && (
          <Button onClick={() => void asked.fetchNextPage()} disabled={asked.isFetchingNextPage}>
            Older runs
          </Button>
        )}
        <Link to="/runs" search={{ dag: dag.dag_id }} className="link">
          all of them, with filters and actions
        </Link>
      </div>
    </section>
  );
}

/** A glob that means this id and no other. */
export function exactly(dag: string): string {
  return dag.replace(/[[*?]/g, (sign) => `[${sign}]`);
}

function lasting(run: RunItem, now: number): number {
  return run.seconds ?? (run.state === "queued" ? 0 : (between(run.started_at, run.ended_at, now) ?? 0));
}

function Row({ run, zone, share }: { run: RunItem; zone: string; share: number }) {
  return (
    <tr>
      <td className="dag-key">
        <Link to="/runs/$run" params={{ run: run.run_id }} className="link">
          <bdi>{run.key || run.run_id}</bdi>
        </Link>
      </td>
      <td>
        <State state={run.state} />
      </td>
      <td>{run.kind}</td>
      <td className="dag-key">
        <Time at={run.started_at ?? run.created_at} zone={zone} precision="second" />
      </td>
      <td>
        <span className="dag-lasted">
          <Lasting start={run.started_at} end={run.ended_at} seconds={run.seconds} />
          <span className={`dag-share ${run.state}`} style={{ width: `${Math.max(share * 64, 1)}px` }} />
        </span>
      </td>
      <td className="wide">
        {run.why && !run.culprits?.length && <Why state={run.state}>{run.why}</Why>}
        {(run.culprits ?? []).map((one) => (
          <p key={label(one.task_id, one.map_index)} className="dag-culprit">
            <Link
              to="/runs/$run"
              params={{ run: run.run_id }}
              search={{ task: label(one.task_id, one.map_index) }}
              className="link"
            >
              <bdi>{label(one.task_id, one.map_index)}</bdi>, its log
            </Link>{" "}
            <span className="why">{one.reason}</span>
          </p>
        ))}
      </td>
    </tr>
  );
}
