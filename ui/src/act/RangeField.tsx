import { useState } from "react";
import { now } from "~/ui/clock";
import { monthsTo } from "~/ui/months";
import { Button, Field } from "~/ui/parts";
import { daysOf, monthOf, rangeOf } from "./ranges";

const WAYS = [
  ["typed", "typed"],
  ["days", "two days"],
  ["month", "a month"],
] as const;

/** A range in three ways: typed, by its first and last day, or as a month. All three hold the same words. */
export function RangeField({ range, change }: { range: string; change: (range: string) => void }) {
  const [way, choose] = useState<(typeof WAYS)[number][0]>("typed");
  const [from, to] = daysOf(range);
  const thisMonth = new Date(now()).toISOString().slice(0, 7);
  const months = monthsTo(thisMonth, 24).reverse();
  const month = monthOf(range);
  const switcher = (
    <span className="act-ways">
      {WAYS.map(([name, title]) => (
        <Button key={name} look="quiet" aria-pressed={way === name} onClick={() => choose(name)}>
          {title}
        </Button>
      ))}
    </span>
  );
  return (
    <Field label="Intervals" hint={<>Both ends included. {switcher}</>}>
      {(id) =>
        way === "typed" ? (
          <input
            id={id}
            required
            placeholder="2026-10-01..2026-10-31, 2026-10-07 or 2026-10"
            autoComplete="off"
            spellCheck={false}
            value={range}
            onChange={(event) => change(event.target.value)}
          />
        ) : way === "days" ? (
          <span className="row">
            <input
              id={id}
              type="date"
              aria-label="first day"
              required
              value={from}
              onChange={(event) => change(rangeOf(event.target.value, to))}
            />
            to
            <input
              type="date"
              aria-label="last day"
              value={to}
              onChange={(event) => change(rangeOf(from, event.target.value))}
            />
          </span>
        ) : (
          <select id={id} value={month} onChange={(event) => change(event.target.value)}>
            {!months.includes(month) && <option value={month}>{month || "choose a month"}</option>}
            {months.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        )
      }
    </Field>
  );
}
