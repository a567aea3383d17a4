import { Link } from "@tanstack/react-router";
import { ActButton } from "~/act/Acting";
import type { Attention as Item, Overview } from "~/api/schema";
import { Ago, Copy, Panel } from "~/ui/parts";
import { Mark, State } from "~/ui/State";
import { many } from "~/ui/words";
import { blast, mendOf, type Row, rowsOf } from "./attention";

/** What needs somebody, the worst first; or that nothing does. */
export function Attention({ of }: { of: Overview }) {
  const rows = rowsOf(of.attention);
  if (!rows.length)
    return (
      <Panel className="calm">
        <p>
          <Mark state="success" size={18} bare /> Nothing needs anybody: nothing failed, is held, late or missing.
        </p>
      </Panel>
    );
  return (
    <Panel
      title="Needs attention"
      aside={of.attention_left_out ? `${many(of.attention_left_out, "more is", "more are")} left out` : undefined}
    >
      <ul className="attention">
        {rows.map((row) => (
          <Trouble key={row.key} row={row} />
        ))}
      </ul>
    </Panel>
  );
}

function Trouble({ row }: { row: Row }) {
  const mend = mendOf(row);
  return (
    <li>
      <State state={row.first.sort} />
      <div className="said">
        <Said item={row.first} />
        {row.more.length > 0 && (
          <details>
            <summary>
              {many(row.more.length, "more", "more")} of <bdi>{row.first.dag_id}</bdi>
            </summary>
            {row.more.map((item) => (
              <Said key={item.run_id ?? item.text} item={item} />
            ))}
          </details>
        )}
      </div>
      <div className="mend">
        {mend && (
          <ActButton act={mend.act} dag={row.first.dag_id}>
            {mend.say}
          </ActButton>
        )}
      </div>
    </li>
  );
}

function Said({ item }: { item: Item }) {
  const stops = blast(item);
  return (
    <div className="one">
      <p className="what">
        {item.run_id ? (
          <Link to="/runs/$run" params={{ run: item.run_id }}>
            <bdi>{item.run_id}</bdi>
          </Link>
        ) : (
          <Link to="/dags/$dag" params={{ dag: item.dag_id }}>
            <bdi>{item.dag_id}</bdi>
          </Link>
        )}
        {item.task && (
          <span>
            at <bdi>{item.task}</bdi>
          </span>
        )}
        {stops && <span>{stops}</span>}
        {item.since && <Ago at={item.since} />}
      </p>
      <p className="text">{item.text}</p>
      {item.command && <Copy text={item.command} />}
    </div>
  );
}
