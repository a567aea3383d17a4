// biome-ignore-all lint/a11y/useSemanticElements: rows stand where the window puts them; table elements cannot.
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, type MouseEvent, memo, useEffect, useMemo, useRef, useState } from "react";
import type { BackfillSlot } from "~/api/schema";
import { lookOf } from "~/ui/marks";
import { Mark } from "~/ui/State";
import { length } from "~/ui/words";
import { inView, layOut, rowOf, step } from "./slots";
import "./slots.css";

const LINE = 20;
const TALLEST = 420;

type Slot = Pick<BackfillSlot, "key" | "state"> & Partial<BackfillSlot>;

/** Every interval a mark: only the rows in view are there. Arrows move, Enter opens the run of an interval. */
export function SlotGrid({ slots, label }: { slots: readonly Slot[]; label: string }) {
  const layout = useMemo(() => layOut(slots.map((slot) => slot.key)), [slots]);
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [active, setActive] = useState(0);
  const [wanted, setWanted] = useState<number | null>(null); // the slot that is to have the focus
  const navigate = useNavigate();
  const height = Math.min(TALLEST, layout.rows.length * LINE);
  const at = Math.min(active, slots.length - 1);
  const [from, to] = inView(layout.rows.length, top, height, LINE);
  const held = rowOf(layout, at);
  const shown = Array.from({ length: to - from }, (_, n) => from + n);
  if (held < from || held >= to) shown.push(held);

  useEffect(() => {
    if (wanted === null) return;
    box.current?.querySelector<HTMLElement>(`[data-slot="${wanted}"]`)?.focus();
    setWanted(null);
  }, [wanted]);

  const onKey = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const next = step(layout, at, event.key);
    if (next === null) return;
    event.preventDefault();
    setActive(next);
    setWanted(next);
  };
  const onClick = (event: MouseEvent) => {
    const run = (event.target as HTMLElement).closest<HTMLElement>("[data-run]")?.dataset.run;
    if (!run || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    void navigate({ to: "/runs/$run", params: { run } });
  };
  const point = (target: EventTarget) => {
    const slot = (target as HTMLElement).closest<HTMLElement>("[data-slot]")?.dataset.slot;
    if (slot !== undefined) setActive(Number(slot));
  };
  return (
    <div className="slots">
      <div
        ref={box}
        className="slots-box"
        role="grid"
        aria-label={label}
        aria-rowcount={layout.rows.length}
        aria-colcount={layout.width}
        tabIndex={-1}
        style={{ height: height + 2 }}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
        onKeyDown={onKey}
        onClick={onClick}
        onFocus={(event) => point(event.target)}
        onPointerOver={(event) => point(event.target)}
      >
        <div className="slots-all" style={{ height: layout.rows.length * LINE, minWidth: layout.width * 16 + 96 }}>
          {shown.map((number) => {
            const row = layout.rows[number];
            if (!row) return null;
            return (
              <div
                key={row.first}
                role="row"
                tabIndex={-1}
                aria-rowindex={number + 1}
                className="slots-row"
                style={{ top: number * LINE, gridTemplateColumns: `96px repeat(${layout.width}, minmax(16px, 22px))` }}
              >
                <span role="rowheader" tabIndex={-1} className="slots-label">
                  {row.label}
                </span>
                {row.columns.map((column, n) => {
                  const slot = slots[row.first + n];
                  const index = row.first + n;
                  return (
                    slot && <Cell key={slot.key} slot={slot} column={column} index={index} active={index === at} />
                  );
                })}
              </div>
            );
          })}
        </div>
      </div>
      <About slot={slots[at]} />
    </div>
  );
}

const Cell = memo(function Cell({
  slot,
  column,
  index,
  active,
}: {
  slot: Slot;
  column: number;
  index: number;
  active: boolean;
}) {
  const mark = <Mark state={slot.state === "waiting" ? "pending" : slot.state} size={12} bare />;
  const spoken = `${slot.key} ${lookOf(slot.state).label}`;
  const given = { "data-slot": index, tabIndex: active ? 0 : -1, "aria-label": spoken };
  return (
    <span role="gridcell" tabIndex={-1} className="slots-cell" style={{ gridColumn: column + 2 }}>
      {slot.run_id ? (
        <a href={`/runs/${encodeURIComponent(slot.run_id)}`} data-run={slot.run_id} {...given}>
          {mark}
        </a>
      ) : (
        <span role="img" {...given}>
          {mark}
        </span>
      )}
    </span>
  );
});

/** The interval that is pointed at, in words. */
function About({ slot }: { slot: Slot | undefined }) {
  if (!slot) return null;
  return (
    <p className="slots-about" aria-hidden>
      <code>{slot.key}</code> {lookOf(slot.state).label}
      {slot.seconds != null && <span className="muted"> {length(slot.seconds)}</span>}
      {slot.run_id && <span className="muted"> · Enter opens its run</span>}
    </p>
  );
}
