// biome-ignore-all lint/a11y/useSemanticElements: rows stand where the window puts them; table elements cannot.
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, type MouseEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { BackfillSlot } from "~/api/schema";
import { paintMark } from "~/graph/mark";
import { onTheme } from "~/ui/colors";
import { lookOf, ranked } from "~/ui/marks";
import { rowsIn } from "~/ui/rows";
import { useRows } from "~/ui/useRows";
import { length } from "~/ui/words";
import { CELL, indexAt, LINE, layOut, NAMES, rowOf, type SlotLayout, step, tally } from "./slots";
import "./slots.css";

const TALLEST = 420;
const MARK = 13;

type Slot = Pick<BackfillSlot, "key" | "state"> & Partial<BackfillSlot>;

/** Every interval a mark, painted; what is pointed at or has the focus is an element. Arrows move, Enter opens the run. */
export function SlotGrid({ slots, label }: { slots: readonly Slot[]; label: string }) {
  const layout = useMemo(() => layOut(slots.map((slot) => slot.key)), [slots]);
  const box = useRef<HTMLDivElement>(null);
  const canvas = useCanvas(box, layout, slots);
  const [active, setActive] = useState(0);
  const [pointed, point] = useState<number | null>(null); // the pointer takes no focus away
  const [wanted, setWanted] = useState<number | null>(null); // the slot that is to have the focus
  const navigate = useNavigate();
  const at = Math.max(0, Math.min(active, slots.length - 1));
  const held = rowOf(layout, at);
  const there = pointed !== null && pointed < slots.length ? pointed : at;
  const { from, to } = useRows(box, LINE, layout.rows.length);
  const shown = layout.rows.map((_, number) => number).slice(from, to);
  if (layout.rows.length > 0 && (held < from || held >= to)) shown.push(held);

  useEffect(() => {
    if (wanted === null) return;
    box.current?.querySelector<HTMLElement>(`[data-slot="${wanted}"]`)?.focus(); // it scrolls there by itself
    setWanted(null);
  }, [wanted]);

  const onKey = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const next = step(layout, at, event.key);
    if (next === null) return;
    event.preventDefault();
    point(null);
    setActive(next);
    setWanted(next);
  };
  const under = (event: MouseEvent) => {
    const area = event.currentTarget.getBoundingClientRect();
    const { scrollLeft, scrollTop } = event.currentTarget;
    return indexAt(layout, event.clientX - area.left + scrollLeft, event.clientY - area.top + scrollTop);
  };
  const onClick = (event: MouseEvent) => {
    const run = slots[under(event) ?? (event.detail === 0 ? at : -1)]?.run_id; // no detail: it was Enter
    if (!run || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    void navigate({ to: "/runs/$run", params: { run } });
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
        style={{ height: Math.min(TALLEST, layout.rows.length * LINE) + 4 }}
        onKeyDown={onKey}
        onClick={onClick}
        onPointerMove={(event) => point(under(event) ?? there)}
        onPointerLeave={() => point(null)}
        onFocus={(event) => setActive(Number((event.target as HTMLElement).dataset.slot ?? at))}
      >
        <div
          className="slots-all"
          role="presentation"
          style={{ height: layout.rows.length * LINE, width: NAMES + layout.width * CELL }}
        >
          <canvas ref={canvas} aria-hidden />
          {shown.map((number) => {
            const row = layout.rows[number];
            if (!row) return null;
            const own = slots.slice(row.first, row.first + row.columns.length);
            return (
              <div key={row.first} role="row" tabIndex={-1} aria-rowindex={number + 1} style={{ top: number * LINE }}>
                <span
                  role="rowheader"
                  tabIndex={-1}
                  className="slots-label"
                  aria-label={`${row.label}: ${summed(own)}`}
                >
                  {row.label}
                </span>
                {[...new Set([at, there])]
                  .filter((index) => rowOf(layout, index) === number)
                  .map((index) => (
                    <Cell
                      key={index}
                      slot={slots[index]}
                      index={index}
                      left={leftOf(layout, number, index)}
                      active={index === at}
                    />
                  ))}
              </div>
            );
          })}
        </div>
      </div>
      <About slot={slots[there]} />
    </div>
  );
}

function leftOf(layout: SlotLayout, row: number, index: number): number {
  const found = layout.rows[row];
  return NAMES + (found?.columns[index - found.first] ?? 0) * CELL;
}

function summed(slots: readonly Slot[]): string {
  return ranked(tally(slots))
    .map(([state, n]) => `${n} ${lookOf(state).label}`)
    .join(", ");
}

/** A canvas as large as what is in view, painted anew when the marks, the theme, the place or the size change. */
function useCanvas(
  box: React.RefObject<HTMLDivElement | null>,
  layout: SlotLayout,
  slots: readonly Slot[],
): React.RefObject<HTMLCanvasElement | null> {
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef(0);
  const paint = useCallback(() => {
    frame.current = 0;
    const area = box.current;
    const own = canvas.current;
    const ink = own?.getContext("2d");
    if (!area || !own || !ink) return;
    const { clientWidth: width, clientHeight: height, scrollTop: top, scrollLeft: left } = area;
    own.width = Math.round(width * devicePixelRatio);
    own.height = Math.round(height * devicePixelRatio);
    Object.assign(own.style, { width: `${width}px`, height: `${height}px` });
    ink.scale(devicePixelRatio, devicePixelRatio);
    const { from, to } = rowsIn(top, height, LINE, layout.rows.length, 1);
    for (let number = from; number < to; number += 1) {
      const row = layout.rows[number];
      row?.columns.forEach((column, n) => {
        const state = slots[row.first + n]?.state ?? "waiting";
        const x = NAMES + column * CELL - left + (CELL - MARK) / 2;
        const y = number * LINE - top + (LINE - MARK) / 2;
        paintMark(ink, state === "waiting" ? "pending" : state, x, y, MARK);
      });
    }
  }, [box, layout, slots]);
  useEffect(() => {
    const area = box.current;
    if (!area) return;
    const soon = () => {
      frame.current ||= requestAnimationFrame(paint);
    };
    soon();
    const size = new ResizeObserver(soon);
    size.observe(area);
    area.addEventListener("scroll", soon, { passive: true });
    const forget = onTheme(soon);
    return () => {
      cancelAnimationFrame(frame.current);
      frame.current = 0;
      size.disconnect();
      area.removeEventListener("scroll", soon);
      forget();
    };
  }, [box, paint]);
  return canvas;
}

/** The interval that is pointed at, or the active one: that is what a keyboard holds. */
function Cell({ slot, index, left, active }: { slot: Slot | undefined; index: number; left: number; active: boolean }) {
  if (!slot) return null;
  const given = {
    "data-slot": index,
    tabIndex: active ? 0 : -1,
    "aria-label": `${slot.key} ${lookOf(slot.state).label}`,
    className: "slots-active",
  };
  return (
    <span role="gridcell" tabIndex={-1} className="slots-cell" style={{ left }}>
      {slot.run_id ? (
        <a href={`/runs/${encodeURIComponent(slot.run_id)}`} {...given} />
      ) : (
        <span role="img" {...given} />
      )}
    </span>
  );
}

/** The same in words. */
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
