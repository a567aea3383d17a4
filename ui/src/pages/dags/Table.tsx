import { Link } from "@tanstack/react-router";
import { memo, useCallback, useDeferredValue } from "react";
import type { DagItem } from "~/api/schema";
import { Ago } from "~/ui/parts";
import { Spark } from "~/ui/Spark";
import { State } from "~/ui/State";
import { moment } from "~/ui/time";
import type { Words } from "./filters";
import { Standing } from "./Standing";

const FIRST = 25;

type Choose = (change: (before: ReadonlySet<string>) => ReadonlySet<string>) => void;

export function Table({
  items,
  chosen,
  choose,
  change,
}: {
  items: readonly DagItem[];
  chosen: ReadonlySet<string>;
  choose: Choose;
  change: (words: Words) => void;
}) {
  const drawn = useDeferredValue(items.length, FIRST); // the rows in view first
  const all = items.every((dag) => chosen.has(dag.dag_id));
  const toggle = useCallback(
    (dag: string) =>
      choose((before) => {
        const next = new Set(before);
        if (!next.delete(dag)) next.add(dag);
        return next;
      }),
    [choose],
  );
  return (
    <div className="scroll">
      <table className="dags-table">
        <thead>
          <tr>
            <th scope="col">
              <input
                type="checkbox"
                aria-label="choose all that are shown"
                checked={all}
                onChange={() => choose(() => new Set(all ? [] : items.map((dag) => dag.dag_id)))}
              />
            </th>
            <th scope="col">DAG</th>
            <th scope="col">Newest runs</th>
            <th scope="col">Last run</th>
            <th scope="col">Schedule</th>
            <th scope="col">Next</th>
            <th scope="col">Owner</th>
          </tr>
        </thead>
        <tbody>
          {items.slice(0, drawn).map((dag) => (
            <Row key={dag.dag_id} dag={dag} chosen={chosen.has(dag.dag_id)} toggle={toggle} change={change} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const Row = memo(function Row({
  dag,
  chosen,
  toggle,
  change,
}: {
  dag: DagItem;
  chosen: boolean;
  toggle: (dag: string) => void;
  change: (words: Words) => void;
}) {
  const last = dag.marks[0];
  return (
    <tr className={chosen ? "chosen" : ""}>
      <td>
        <input
          type="checkbox"
          aria-label={`choose ${dag.dag_id}`}
          checked={chosen}
          onChange={() => toggle(dag.dag_id)}
        />
      </td>
      <td className="name">
        <Link to="/dags/$dag" params={{ dag: dag.dag_id }}>
          <bdi>{dag.dag_id}</bdi>
        </Link>
        {dag.location && <small> at {dag.location}</small>}{" "}
        {dag.tags.map((tag) => (
          <button key={tag} type="button" className="tag" title="only DAGs with it" onClick={() => change({ tag })}>
            <bdi>{tag}</bdi>
          </button>
        ))}
        <Standing dag={dag} brief />
      </td>
      <td>
        <Spark dag={dag.dag_id} marks={dag.marks} />
      </td>
      <td className="last">
        {last ? (
          <Link to="/runs/$run" params={{ run: last.run_id }}>
            <State state={last.state} /> <Ago at={last.ended_at ?? last.started_at ?? last.created_at} />
          </Link>
        ) : (
          <span className="none">never</span>
        )}
      </td>
      <td className="schedule">{dag.schedule}</td>
      <td className="next">
        {dag.next && !dag.paused ? (
          <>
            <Ago at={dag.next.due} zone={dag.timezone} /> <small>{moment(dag.next.due, dag.timezone).slice(5)}</small>
          </>
        ) : (
          <span className="none">–</span>
        )}
      </td>
      <td>
        {dag.owner && (
          <button
            type="button"
            className="plain-link"
            title="only DAGs of this owner"
            onClick={() => change({ owner: dag.owner })}
          >
            <bdi>{dag.owner}</bdi>
          </button>
        )}
      </td>
    </tr>
  );
});
