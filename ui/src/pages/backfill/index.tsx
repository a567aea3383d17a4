import { Link, useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { ActButton } from "~/act/Acting";
import { $api } from "~/api/client";
import { useKeys } from "~/ui/keys";
import { ranked } from "~/ui/marks";
import { Ago, Answer, Copy, Empty, Head, Panel, Time } from "~/ui/parts";
import { State } from "~/ui/State";
import { count, length, many, percent } from "~/ui/words";
import { Progress } from "../backfills/Progress";
import { grouped, movesOf, paceOf, type Whole, whereItStands } from "../backfills/telling";
import { SlotGrid } from "./SlotGrid";
import { shown, tally } from "./slots";
import "./backfill.css";

/** One backfill: how far it is, interval by interval, what failed, and what to do about it. */
export default function Backfill() {
  const { backfill } = useParams({ strict: false });
  const number = Number(backfill);
  const known = Number.isSafeInteger(number);
  const asked = $api.useQuery(
    "get",
    "/api/v1/backfills/{backfill}",
    {
      params: { path: { backfill: number } },
    },
    { enabled: known },
  );
  if (!known)
    return (
      <Empty>
        A backfill is named by a number: there is none called <bdi>{backfill}</bdi>.{" "}
        <Link to="/backfills" className="link">
          All backfills
        </Link>
      </Empty>
    );
  return (
    <Answer of={asked} lines={6}>
      {(found) => <Page backfill={found} />}
    </Answer>
  );
}

function Page({ backfill }: { backfill: Whole }) {
  const dag = $api.useQuery("get", "/api/v1/dags/{dag}", { params: { path: { dag: backfill.dag_id } } });
  const zone = dag.data?.timezone ?? "UTC";
  return (
    <>
      <Head
        title={`Backfill ${backfill.id} of ${backfill.dag_id}`}
        crumbs={
          <>
            <Link to="/backfills">Backfills</Link> /{" "}
            <Link to="/dags/$dag" params={{ dag: backfill.dag_id }}>
              <bdi>{backfill.dag_id}</bdi>
            </Link>
          </>
        }
        note={<p className="backfill-verdict">{whereItStands(backfill)}</p>}
      >
        <Moves backfill={backfill} />
      </Head>
      <Panel
        title="Progress"
        aside={
          <>
            <span className="number">
              {count(backfill.over)} of {many(backfill.intervals, "interval")} ·{" "}
              {percent(backfill.intervals ? backfill.over / backfill.intervals : 1)}
            </span>
            <State state={backfill.state} />
          </>
        }
      >
        <div className="body">
          <Progress backfill={backfill} />
        </div>
        <Intervals backfill={backfill} />
      </Panel>
      <div className="columns">
        <Panel title="Failures">
          <Failures backfill={backfill} />
        </Panel>
        <Panel title="How it was asked for">
          <Facts backfill={backfill} zone={zone} />
        </Panel>
      </div>
    </>
  );
}

const MOVES = {
  pause: ["backfills.pause", "Pause"],
  resume: ["backfills.resume", "Resume"],
  start: ["backfills.resume", "Start it"],
  again: ["backfills.again", "Retry failed"],
  cancel: ["backfills.cancel", "Cancel"],
} as const;

const COMMANDS = { start: "resume", pause: "pause", resume: "resume", again: "retry", cancel: "cancel" } as const;

function Moves({ backfill }: { backfill: Whole }) {
  return movesOf(backfill).map((move, place) => {
    const [act, title] = MOVES[move];
    return (
      <ActButton
        key={move}
        act={{ act, of: { backfills: [backfill.id] } }}
        dag={backfill.dag_id}
        look={move === "cancel" ? "danger" : place === 0 ? "primary" : "plain"}
      >
        {title}
      </ActButton>
    );
  });
}

const KEYS = [
  ["← → ↑ ↓", "from interval to interval"],
  ["Page ↑ Page ↓ Home End", "further"],
  ["Enter", "open the run of an interval"],
] as const;

function Intervals({ backfill }: { backfill: Whole }) {
  useKeys(KEYS);
  const slots = useMemo(() => shown(backfill.slots, !!backfill.ended_at), [backfill.slots, backfill.ended_at]);
  const counts = ranked(tally(slots));
  return (
    <>
      <p className="backfill-counts">
        {counts.map(([state, n]) => (
          <span key={state}>
            <State state={state} /> <span className="number">{count(n)}</span>
          </span>
        ))}
      </p>
      <SlotGrid slots={slots} label={`intervals of backfill ${backfill.id}`} />
      {backfill.slots_left_out > 0 && (
        <p className="backfill-cut">
          {many(backfill.slots_left_out, "more interval is", "more intervals are")} not drawn here.
        </p>
      )}
    </>
  );
}

function Failures({ backfill }: { backfill: Whole }) {
  const groups = grouped(backfill.failed);
  const failed = backfill.slots.filter((slot) => slot.state === "failed" && slot.run_id);
  if (!failed.length && !groups.length) return <Empty>Nothing has failed in it.</Empty>;
  return (
    <ul className="backfill-failures">
      {groups.map((group) => (
        <li key={group.task + group.reason}>
          <strong>
            <bdi>{group.task}</bdi>
          </strong>{" "}
          {group.count > 1 && <span className="tag">{count(group.count)} ×</span>}
          <p className="why failed">{group.reason}</p>
        </li>
      ))}
      {failed.length > 0 && (
        <li>
          <h3>{many(failed.length, "failed interval")}</h3>
          <p className="backfill-runs">
            {failed.slice(0, 40).map((slot) => (
              <Link key={slot.key} to="/runs/$run" params={{ run: slot.run_id ?? "" }} className="link">
                {slot.key}
              </Link>
            ))}
            {failed.length > 40 && <span className="muted">and {count(failed.length - 40)} more</span>}
          </p>
        </li>
      )}
    </ul>
  );
}

function Facts({ backfill, zone }: { backfill: Whole; zone: string }) {
  const params = Object.entries(backfill.params ?? {});
  return (
    <dl className="backfill-facts">
      <dt>asked for</dt>
      <dd>
        <Time at={backfill.created_at} zone={zone} /> (<Ago at={backfill.created_at} zone={zone} />)
        {backfill.actor && (
          <>
            {" "}
            by <bdi>{backfill.actor}</bdi>
          </>
        )}
      </dd>
      {backfill.ended_at && (
        <>
          <dt>ended</dt>
          <dd>
            <Time at={backfill.ended_at} zone={zone} />
          </dd>
        </>
      )}
      <dt>reason</dt>
      <dd>{backfill.reason || <span className="none">none was given</span>}</dd>
      <dt>intervals</dt>
      <dd>
        {backfill.only.join(", ")}; {backfill.order === "parallel" ? "in any order" : `the ${backfill.order} first`},{" "}
        {count(backfill.cap)} at once
      </dd>
      {backfill.state !== "proposed" && (
        <>
          <dt>pace</dt>
          <dd>{paceOf(backfill.pace)}</dd>
          <dt>time left</dt>
          <dd>{backfill.ended_at ? <span className="none">it has ended</span> : length(backfill.seconds_left)}</dd>
        </>
      )}
      <dt>code</dt>
      <dd>
        <Link to="/dags/$dag" params={{ dag: backfill.dag_id }} search={{ tab: "versions" }} className="link">
          version {backfill.version}
        </Link>
      </dd>
      {params.map(([name, value]) => (
        <div key={name} className="backfill-param">
          <dt>
            <bdi>{name}</bdi>
          </dt>
          <dd>
            <code>{value}</code>
          </dd>
        </div>
      ))}
      <dt>the same by command</dt>
      <dd>
        {movesOf(backfill).map((move) => (
          <div key={move}>
            <Copy text={`segue backfills ${COMMANDS[move]} ${backfill.id}`} />
          </div>
        ))}
        {movesOf(backfill).length === 0 && <Copy text={`segue backfills ${backfill.id}`} />}
      </dd>
    </dl>
  );
}
