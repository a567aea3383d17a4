import { keepPreviousData } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { ActDialog } from "~/act/Acting";
import { $api } from "~/api/client";
import { itemsOf, PAGED } from "~/api/paging";
import type { BackfillItem } from "~/api/schema";
import { reaches, useRole } from "~/api/session";
import { useNow } from "~/live/hooks";
import type { Search } from "~/search";
import { DagField } from "~/ui/DagField";
import { NextPage } from "~/ui/NextPage";
import { Ago, Answer, Button, Empty, Head, Lasting, Panel } from "~/ui/parts";
import { State } from "~/ui/State";
import { many } from "~/ui/words";
import { Bulk } from "./Bulk";
import { Progress } from "./Progress";
import { paceOf, paceSince } from "./telling";
import "./backfills.css";

export const STATES = ["proposed", "running", "paused", "stopped", "cancelled", "done"] as const;

/** All backfills, and the form that makes another. */
export default function Backfills() {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const may = reaches(useRole(), "operator");
  const making = search.new !== undefined || search.range !== undefined;
  const go = (change: Record<string, string | undefined>) =>
    void navigate({ to: "/backfills", search: (before: Search) => ({ ...before, ...change }), replace: true } as never);
  return (
    <>
      <Head
        title="Backfills"
        note="A backfill runs many intervals of a DAG with one version of its code, a few at a time, beside the scheduled work."
      >
        <Button
          look="primary"
          disabled={!may}
          title={may ? undefined : "it needs the role operator on some DAG"}
          onClick={() => go({ new: "1" })}
        >
          New backfill
        </Button>
      </Head>
      {making && (
        <ActDialog
          act={{ act: "backfill", dag: search.dag ?? "", range: search.range, only: search.only?.split(",") }}
          leave={() => go({ new: undefined, range: undefined, only: undefined })}
        />
      )}
      <List dag={making ? undefined : search.dag} state={search.state} change={go} />
    </>
  );
}

function List({
  dag,
  state,
  change,
}: {
  dag: string | undefined;
  state: string | undefined;
  change: (change: Record<string, string | undefined>) => void;
}) {
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  const asked = $api.useInfiniteQuery(
    "get",
    "/api/v1/backfills",
    { params: { query: { dag: dag || undefined, state: state ? [state] : undefined, limit: 50 } } },
    { ...PAGED, placeholderData: keepPreviousData },
  );
  return (
    <Panel
      title="All backfills"
      aside={
        <div className="filters">
          <DagField value={dag ?? ""} label="DAG" change={(value) => change({ dag: value || undefined })} />
          <select
            aria-label="state"
            value={state ?? ""}
            onChange={(event) => change({ state: event.target.value || undefined })}
          >
            <option value="">every state</option>
            {STATES.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </div>
      }
    >
      <Answer of={asked}>
        {(data) => {
          const items = itemsOf(data.pages);
          const picked = items.filter((one) => chosen.has(one.id));
          return (
            <>
              {items.length === 0 ? (
                <Empty>
                  {dag || state
                    ? "No backfill fits these filters."
                    : "There is no backfill yet. One is made here, by segue backfill, or proposed where a DAG has intervals to catch up with."}
                </Empty>
              ) : (
                <Table items={items} chosen={chosen} choose={choose} />
              )}
              <NextPage of={asked}>Older ones</NextPage>
              {items.length > 0 && (
                <Bulk
                  picked={picked}
                  items={items}
                  filter={{ dag, states: state ? [state] : [] }}
                  clear={() => choose(new Set())}
                />
              )}
            </>
          );
        }}
      </Answer>
    </Panel>
  );
}

function Table({
  items,
  chosen,
  choose,
}: {
  items: BackfillItem[];
  chosen: ReadonlySet<string>;
  choose: (chosen: ReadonlySet<string>) => void;
}) {
  const now = useNow(10_000);
  const all = items.every((one) => chosen.has(one.id));
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    choose(next);
  };
  return (
    <div className="scroll">
      <table className="backfills-table">
        <thead>
          <tr>
            <th>
              <input
                type="checkbox"
                aria-label="choose all of the list"
                checked={all}
                onChange={() => choose(all ? new Set() : new Set(items.map((one) => one.id)))}
              />
            </th>
            <th>Backfill</th>
            <th>State</th>
            <th>Progress</th>
            <th>Pace</th>
            <th>Asked for</th>
            <th>Reason</th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <tr key={one.id} className={chosen.has(one.id) ? "chosen" : ""}>
              <td>
                <input
                  type="checkbox"
                  aria-label={`choose backfill ${one.id}`}
                  checked={chosen.has(one.id)}
                  onChange={() => toggle(one.id)}
                />
              </td>
              <td className="backfills-name">
                <Link to="/backfills/$backfill" params={{ backfill: one.id }} className="link">
                  {one.id} <bdi>{one.dag_id}</bdi>
                </Link>
                <div className="muted">
                  {many(one.intervals, "interval")}, {one.order === "parallel" ? "any order" : `${one.order} first`},{" "}
                  {one.cap} at once
                </div>
              </td>
              <td>
                <State state={one.state} />
                {one.seconds_left != null && !one.ended_at && (
                  <div className="muted backfills-left-time">
                    <Lasting seconds={one.seconds_left} /> left
                  </div>
                )}
              </td>
              <td className="backfills-far">
                <Progress backfill={one} words />
              </td>
              <td className="backfills-pace">{paceOf(paceSince(one, now))}</td>
              <td className="backfills-who">
                <Ago at={one.created_at} />
                <div className="muted">{one.actor ? <bdi>{one.actor}</bdi> : "proposed by itself"}</div>
              </td>
              <td className="wide">{one.reason || <span className="none">–</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
