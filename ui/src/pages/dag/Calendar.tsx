import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { ActButton } from "~/act/Acting";
import { $api } from "~/api/client";
import type { DagPage, LedgerPage, SlotItem } from "~/api/schema";
import { now } from "~/ui/clock";
import { lookOf } from "~/ui/marks";
import { monthsTo, shifted } from "~/ui/months";
import { Answer, Button, Copy, Empty, Panel } from "~/ui/parts";
import { Mark, State } from "~/ui/State";
import { moment } from "~/ui/time";
import { count } from "~/ui/words";
import { type Day, daysOf, holesOf, monthName, monthsAtOnce, rangeOf, weeksOf, weighed } from "./calendar";
import { Slots } from "./Slots";

const WEEK = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** Every interval that should be, and what it shows: fresh, stale, missing, failed, held. */
export default function Calendar({ dag }: { dag: DagPage }) {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const newest = moment(
    Math.min(now(), dag.end ? Date.parse(dag.end) - 1 : Number.POSITIVE_INFINITY),
    dag.timezone,
    "day",
  );
  const month = /^\d{4}-\d{2}$/.test(search.month ?? "") ? (search.month as string) : newest.slice(0, 7);
  const first = dag.start ? moment(dag.start, dag.timezone, "day").slice(0, 7) : "";
  const several = monthsAtOnce(dag.fires ?? []);
  const months = monthsTo(month, several).filter((one) => one >= first || one === month);
  const asked = $api.useQuery(
    "get",
    "/api/v1/dags/{dag}/slots",
    { params: { path: { dag: dag.dag_id }, query: { when: rangeOf(months, first) } } },
    { placeholderData: (had) => had },
  );
  const go = (some: Record<string, string>) =>
    void navigate({
      to: ".",
      search: { tab: "calendar", month: search.month, day: search.day, ...some } as never,
      replace: true,
    });
  return (
    <>
      <div className="filters">
        <Button
          onClick={() => go({ month: shifted(month, -several) })}
          disabled={!!first && (months[0] ?? "") <= first}
        >
          ← earlier
        </Button>
        <strong>
          {several > 1 && `${monthName(months[0] ?? month)} to `}
          {monthName(month)}
        </strong>
        <Button onClick={() => go({ month: shifted(month, several) })} disabled={month >= newest.slice(0, 7)}>
          later →
        </Button>
        {month !== newest.slice(0, 7) && (
          <Button look="quiet" onClick={() => go({ month: "" })}>
            now
          </Button>
        )}
        <span className="muted">times in {dag.timezone}</span>
      </div>
      <Answer of={asked} lines={6}>
        {(ledger) => (
          <Months dag={dag} ledger={ledger} months={months} chosen={search.day} choose={(day) => go({ day })} />
        )}
      </Answer>
    </>
  );
}

/** The day on which an interval begins: its key says it, of most. */
function dayBegun(slot: SlotItem, zone: string): string {
  return /^\d{4}-\d{2}-\d{2}/.exec(slot.key)?.[0] ?? moment(slot.start, zone, "day");
}

function Months({
  dag,
  ledger,
  months,
  chosen,
  choose,
}: {
  dag: DagPage;
  ledger: LedgerPage;
  months: readonly string[];
  chosen: string | undefined;
  choose: (day: string) => void;
}) {
  const days = useMemo(() => daysOf(ledger.slots, (slot) => dayBegun(slot, dag.timezone)), [ledger, dag.timezone]);
  const holes = useMemo(() => holesOf(days), [days]);
  const used = months.filter((month) => [...days.keys()].some((day) => day.startsWith(month)));
  const onKey = (event: React.KeyboardEvent<HTMLElement>) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key];
    if (!by || !(event.target instanceof HTMLButtonElement)) return;
    event.preventDefault();
    const at = Date.parse(`${event.target.dataset.day}T00:00:00Z`) + by * 86_400_000;
    const next = new Date(at).toISOString().slice(0, 10);
    event.currentTarget.querySelector<HTMLButtonElement>(`[data-day="${next}"]`)?.focus();
  };
  if (!ledger.slots.length)
    return (
      <Panel>
        <Empty>
          {dag.fires?.length || dag.start
            ? "No interval of these months is due."
            : "This DAG covers no intervals: its runs stand in the grid."}
        </Empty>
      </Panel>
    );
  const entry = chosen && days.has(chosen) ? chosen : [...days.keys()].at(-1);
  return (
    <>
      <div className="filters">
        {weighed(ledger.counts).map(([state, n]) => (
          <span key={state} className="dag-counted">
            <State state={state} size={12} /> {count(n)}
          </span>
        ))}
        {ledger.cut && <span className="muted">and older ones, too many to show</span>}
      </div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys move between the buttons inside */}
      <div className="dag-months" onKeyDown={onKey}>
        {used.map((month) => (
          <Month key={month} month={month} days={days} chosen={chosen} entry={entry} choose={choose} />
        ))}
      </div>
      {holes && ledger.command && (
        <Panel className="dag-fill">
          <div className="body row">
            <ActButton act={{ act: "backfill", dag: dag.dag_id, ...holes }} dag={dag.dag_id} look="primary">
              Fill what is missing
            </ActButton>
            <span className="muted">or</span>
            <Copy text={ledger.command} />
          </div>
        </Panel>
      )}
      {chosen && <Slots day={chosen} slots={days.get(chosen)?.slots ?? []} dag={dag} />}
    </>
  );
}

function Month({
  month,
  days,
  chosen,
  entry,
  choose,
}: {
  month: string;
  days: ReadonlyMap<string, Day>;
  chosen: string | undefined;
  entry: string | undefined;
  choose: (day: string) => void;
}) {
  return (
    <table className="dag-month">
      <caption>{monthName(month)}</caption>
      <thead>
        <tr>
          {WEEK.map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {weeksOf(month).map((week) => (
          <tr key={week.find(Boolean)}>
            {week.map((day, at) => (
              <td key={day ?? WEEK[at]}>
                {day && (
                  <DayOf day={day} of={days.get(day)} chosen={day === chosen} entry={day === entry} choose={choose} />
                )}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function DayOf({
  day,
  of,
  chosen,
  entry,
  choose,
}: {
  day: string;
  of: Day | undefined;
  chosen: boolean;
  entry: boolean;
  choose: (day: string) => void;
}) {
  const number = Number(day.slice(8));
  if (!of) return <span className="dag-day none">{number}</span>;
  const told = weighed(of.counts).map(([state, n]) =>
    of.slots.length > 1 ? `${n} ${lookOf(state).label}` : lookOf(state).label,
  );
  return (
    <button
      type="button"
      className={`dag-day${chosen ? " chosen" : ""}`}
      data-day={day}
      tabIndex={entry ? 0 : -1}
      aria-pressed={chosen}
      title={told.join(", ")}
      onClick={() => choose(chosen ? "" : day)}
    >
      <span>
        {number}
        <span className="sr">
          {" "}
          {monthName(day)}: {told.join(", ")}
        </span>
      </span>
      <Mark state={of.state} size={13} bare />
      {of.slots.length > 1 && (
        <small>
          {of.counts[of.state] === of.slots.length ? of.slots.length : `${of.counts[of.state]}/${of.slots.length}`}
        </small>
      )}
    </button>
  );
}
