import { useEffect, useState } from "react";
import { $api } from "~/api/client";
import { countsAt, stateAt } from "~/grid/Cell";
import type { Line } from "~/grid/lines";
import type { Column } from "~/grid/sheet";
import { lasted } from "~/grid/ticks";
import { lookOf, ranked } from "~/ui/marks";
import { Why } from "~/ui/parts";
import { State } from "~/ui/State";
import { moment } from "~/ui/time";
import { count, length } from "~/ui/words";

const REST = 150; // milliseconds that one looks at a cell before the server is asked about it

function useRested(key: string): boolean {
  const [rested, setRested] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setRested(key), REST);
    return () => clearTimeout(timer);
  }, [key]);
  return rested === key;
}

/** What a cell is: run, task, state, why, how long. */
export function CellCard({
  line,
  column,
  letters,
  zone,
  now,
}: {
  line: Line | null;
  column: Column;
  letters: Readonly<Record<string, string>>;
  zone: string;
  now: number;
}) {
  const state = stateAt(line, column, letters);
  const counts = countsAt(line, column, letters);
  const rested = useRested(`${column.run_id} ${line?.id}`);
  const path = { run: column.run_id };
  const task = line && !line.group && state ? line.full : null;
  const found = $api.useQuery(
    "get",
    "/api/v1/runs/{run}/tasks",
    { params: { path, query: { task: task ?? "", state: state ? [state] : [], limit: 1 } } },
    { enabled: rested && task !== null },
  );
  const run = $api.useQuery("get", "/api/v1/runs/{run}", { params: { path } }, { enabled: rested && !line });
  const item = task ? found.data?.items[0] : undefined;
  const why = task ? item?.why : line ? null : run.data?.why;
  return (
    <>
      <strong>
        <bdi>{line ? line.full : column.run_id}</bdi>
      </strong>
      {line && (
        <span className="muted">
          run <bdi>{column.key}</bdi>
        </span>
      )}
      <span className="row">
        {state ? <State state={state} /> : <span className="muted">this run has no such task</span>}
        <span className="muted number">
          {task ? item && !line?.mapped && length(item.seconds) : !line && length(lasted(column, now))}
        </span>
      </span>
      {counts && (
        <span className="muted">
          {ranked(counts)
            .map(([one, n]) => `${count(n)} ${lookOf(one).label}`)
            .join(", ")}
        </span>
      )}
      {!line && (
        <span className="muted">
          {column.kind}, version {column.version}, {moment(column.started_at ?? column.created_at, zone, "second")}
        </span>
      )}
      {why && <Why state={state}>{why}</Why>}
      {task && (item?.attempts ?? 0) > 1 && <span className="muted">{item?.attempts} attempts</span>}
    </>
  );
}
