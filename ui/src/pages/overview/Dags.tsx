import { Link } from "@tanstack/react-router";
import { type CSSProperties, memo, useDeferredValue } from "react";
import type { Coming, DagItem, Overview } from "~/api/schema";
import { useNow } from "~/live/hooks";
import { Ago, Empty, Panel } from "~/ui/parts";
import { Spark } from "~/ui/Spark";
import { moment } from "~/ui/time";
import { length, many } from "~/ui/words";
import { Standing } from "../dags/Standing";
import { hoursOf, piecesOf, type Span, shareOf, spanOf } from "./line";

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
const FIRST = 20;
const share = (value: number) => `${(value * 100).toFixed(2)}%`;

/** Every DAG on a row: what was, as a spark; what comes, on a line of hours that all share. */
export function Dags({ of }: { of: Overview }) {
  const now = useNow(30_000);
  const span = spanOf(now, of.hours);
  const drawn = useDeferredValue(of.dags.length, FIRST); // the rows in view first
  const coming = new Map(of.coming.map((one) => [one.dag_id, one]));
  if (!of.dags.length)
    return (
      <Panel title="DAGs">
        <Empty>
          No DAG yet. <code>segue init</code> makes a project that runs; a file in the folder of DAGs shows here by
          itself.
        </Empty>
      </Panel>
    );
  return (
    <Panel
      title="DAGs"
      aside={
        <span>
          newest runs, and the next {of.hours} hours in <b>{ZONE}</b>
        </span>
      }
    >
      <div className="flow" style={{ "--now": share(shareOf(now, span)) } as CSSProperties}>
        <div className="flow-head" aria-hidden="true">
          <div className="hours">
            {hoursOf(span, ZONE, 3).map(({ left, text }) => (
              <span key={left} style={{ left: share(left) }}>
                {text}
              </span>
            ))}
          </div>
        </div>
        <ul>
          {of.dags.slice(0, drawn).map((dag) => (
            <Row key={dag.dag_id} dag={dag} coming={coming.get(dag.dag_id)} start={span.start} end={span.end} />
          ))}
        </ul>
      </div>
      {of.dags_left_out > 0 && (
        <p className="more">
          <Link to="/dags" className="link">
            {many(of.dags_left_out, "more is", "more are")} in the list of DAGs
          </Link>
        </p>
      )}
    </Panel>
  );
}

interface RowOf extends Span {
  dag: DagItem;
  coming: Coming | undefined;
}

const Row = memo(function Row({ dag, coming, start, end }: RowOf) {
  return (
    <li className={`flow-row${coming ? "" : " idle"}`}>
      <div className="name">
        <Link to="/dags/$dag" params={{ dag: dag.dag_id }}>
          <bdi>{dag.dag_id}</bdi>
        </Link>
        <Standing dag={dag} />
      </div>
      <Spark dag={dag.dag_id} marks={dag.marks} />
      <Lane dag={dag} coming={coming} start={start} end={end} />
      <div className="next">
        {dag.next && !dag.paused && (
          <>
            <Ago at={dag.next.due} zone={dag.timezone} />
            <small>{moment(dag.next.due, dag.timezone).slice(5)}</small>
          </>
        )}
      </div>
    </li>
  );
});

function Lane({ dag, coming, start, end }: RowOf) {
  const pieces = piecesOf(coming, dag.marks, { start, end });
  return (
    <div className="lane" role="img" aria-label={told(dag, coming)} title={told(dag, coming)}>
      {pieces.map((piece) => (
        <i
          key={`${piece.kind}${piece.left}`}
          className={`${piece.kind}${piece.risk ? " risk" : ""}`}
          style={{ left: share(piece.left), width: share(piece.width) }}
        />
      ))}
      {coming?.risk && <b>{coming.risk}</b>}
    </div>
  );
}

function told(dag: DagItem, coming: Coming | undefined): string {
  if (!coming) return `${dag.dag_id}: nothing falls due`;
  const usual = coming.expected_seconds == null ? "" : `, ${length(coming.expected_seconds)} each as a rule`;
  const risk = coming.risk ? `; ${coming.risk}` : "";
  return `${dag.dag_id}: ${many(coming.count, "run")}, the first at ${moment(coming.due, dag.timezone)}${usual}${risk}`;
}
