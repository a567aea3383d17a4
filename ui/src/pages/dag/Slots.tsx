import { Link } from "@tanstack/react-router";
import { ActButton } from "~/act/Acting";
import type { DagPage, SlotItem } from "~/api/schema";
import { Panel, Time } from "~/ui/parts";
import { State } from "~/ui/State";
import { hour, moment, weekday } from "~/ui/time";
import { many } from "~/ui/words";

/** The intervals of one day, each with the runs that made it. */
export function Slots({ day, slots, dag }: { day: string; slots: readonly SlotItem[]; dag: DagPage }) {
  const zone = dag.timezone;
  return (
    <Panel
      title={`${slots[0] ? weekday(slots[0].start, zone) : ""} ${day}: ${many(slots.length, "interval")}`}
      aside={
        slots.length > 0 && (
          <ActButton act={{ act: "backfill", dag: dag.dag_id, range: day, only: ["all"] }} dag={dag.dag_id}>
            Run this day again
          </ActButton>
        )
      }
    >
      <div className="scroll">
        <table>
          <thead>
            <tr>
              <th>interval</th>
              <th>covers</th>
              <th>shows</th>
              <th>newest run</th>
              <th>last good run</th>
              <th className="number">version</th>
            </tr>
          </thead>
          <tbody>
            {slots.slice(0, 1_440).map((slot) => (
              <tr key={slot.key}>
                <td>
                  <bdi>{slot.key}</bdi>
                </td>
                <td className="dag-key">
                  <Time at={slot.start} zone={zone} /> to{" "}
                  {moment(slot.end, zone, "day") === day ? hour(slot.end, zone) : <Time at={slot.end} zone={zone} />}
                </td>
                <td>
                  <State state={slot.state} />
                  {slot.waits && <p className="why">it is due and runs by itself, as soon as there is room</p>}
                </td>
                <td>
                  <RunLink run={slot.run_id} />
                </td>
                <td>
                  <RunLink run={slot.last_good_run_id} />
                </td>
                <td className="number">{slot.version ?? <span className="none">–</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function RunLink({ run }: { run: string | null | undefined }) {
  if (!run) return <span className="none">–</span>;
  return (
    <Link to="/runs/$run" params={{ run }} className="link">
      <bdi>{run}</bdi>
    </Link>
  );
}
