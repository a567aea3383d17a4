import { Link } from "@tanstack/react-router";
import { createContext, Fragment, useContext, useMemo, useState } from "react";
import { ActButton } from "~/act/Acting";
import { $api } from "~/api/client";
import type { Attention as Item, Overview } from "~/api/schema";
import { Ago, Copy, Panel } from "~/ui/parts";
import { Mark, State } from "~/ui/State";
import { many } from "~/ui/words";
import { blast, commandOf, listOf, mendOf, outdated, type Row, rowsOf, type Sort, sortsOf } from "./attention";
import { Proposed } from "./Proposed";

const SHOWN = 4;
const PROPOSED = { params: { query: { state: ["proposed"], limit: 50 } } };

/** Runs whose code is older than what their DAG has now. */
const Old = createContext<ReadonlySet<string>>(new Set());

/** What needs somebody, the worst first; or that nothing does. */
export function Attention({ of }: { of: Overview }) {
  const rows = rowsOf(of.attention);
  const old = useMemo(() => outdated(of), [of]);
  const backfills = $api.useQuery("get", "/api/v1/backfills", PROPOSED);
  const proposed = backfills.data?.items ?? [];
  if (!rows.length && !proposed.length)
    return (
      <Panel className="calm">
        <p>
          <Mark state="success" size={18} bare /> Nothing needs anybody: nothing failed, is held, late or missing.
        </p>
      </Panel>
    );
  return (
    <Panel title="Needs attention">
      <Old value={old}>
        <ul className="attention">
          {sortsOf(rows).map((sort) => (
            <Fragment key={sort.sort}>
              {sort.shown.map((row) => (
                <Trouble key={row.key} row={row} />
              ))}
              {sort.folded.length > 0 && <Folded of={sort} />}
            </Fragment>
          ))}
          {proposed.slice(0, SHOWN).map((one) => (
            <Proposed key={one.id} of={one} />
          ))}
          {proposed.length > SHOWN && (
            <li className="folded">
              <State state="proposed" />
              <span>
                {many(proposed.length - SHOWN, "more", "more")} in <Link to="/backfills">the list of backfills</Link>
              </span>
            </li>
          )}
        </ul>
      </Old>
      {of.attention_left_out > 0 && (
        <p className="left-out">
          {many(of.attention_left_out, "more is", "more are")} not told here: the lists of{" "}
          <Link to="/runs" search={{ state: "failed" }}>
            failed runs
          </Link>{" "}
          and of <Link to="/missing">what is missing</Link> have them all.
        </p>
      )}
    </Panel>
  );
}

/** More of a sort, shown when somebody wants them. */
function Folded({ of }: { of: Sort }) {
  const [open, setOpen] = useState(false);
  if (open) return of.folded.map((row) => <Trouble key={row.key} row={row} />);
  return (
    <li className="folded">
      <State state={of.sort} />
      <span>
        <button type="button" onClick={() => setOpen(true)}>
          {many(of.folded.length, "more DAG")} with the same
        </button>
        , or <Link {...listOf(of.sort)}>all in a list</Link>
      </span>
    </li>
  );
}

function Trouble({ row }: { row: Row }) {
  const mend = mendOf(row, useContext(Old));
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
  const command = commandOf(item, useContext(Old));
  return (
    <div className="one">
      <p className="what">
        {item.file ? (
          <bdi>{item.file}</bdi>
        ) : item.run_id ? (
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
      {command && <Copy text={command} />}
    </div>
  );
}
