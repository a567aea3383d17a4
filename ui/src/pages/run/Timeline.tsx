import { Link } from "@tanstack/react-router";
import { type CSSProperties, useMemo, useRef, useState } from "react";
import { $api } from "~/api/client";
import type { RunWhole, Step, Timeline as Told } from "~/api/schema";
import { useNow } from "~/live/hooks";
import { lookOf } from "~/ui/marks";
import { Answer, Button, Empty, Panel } from "~/ui/parts";
import { Mark } from "~/ui/State";
import { moment } from "~/ui/time";
import { useBox, useRows } from "~/ui/useRows";
import { label, length, many } from "~/ui/words";
import { Critical } from "./Critical";
import { type Bar, type GanttRow, placeOf, rowsOf, type Span, spanOf, ticksOf } from "./gantt";
import "./timeline.css";

const HIGH = 26;
const FEW = 2_000; // lines that are asked for at first, and again with every change
const ALL = 20_000;
const ZOOMS = [1, 2, 4, 8, 16, 32, 64, 128];

export function Timeline({ run }: { run: RunWhole }) {
  const path = { run: run.run_id };
  const [most, setMost] = useState(FEW);
  const query = { most };
  const timeline = $api.useQuery("get", "/api/v1/runs/{run}/timeline", { params: { path, query } });
  const critical = $api.useQuery("get", "/api/v1/runs/{run}/critical", { params: { path } });
  const steps = critical.data?.steps ?? [];
  return (
    <>
      <Panel>
        <Answer of={timeline}>
          {(told) => (
            <>
              {told.lanes.length === 0 ? (
                <Empty>Nothing has begun yet.</Empty>
              ) : (
                <Gantt told={told} steps={steps} zone={run.timezone} />
              )}
              {told.left_out > 0 && (
                <p className="gantt-rest">
                  {many(told.left_out, "more line is", "more lines are")} not drawn.{" "}
                  {most === FEW && <Button onClick={() => setMost(ALL)}>Draw them</Button>}
                </p>
              )}
            </>
          )}
        </Answer>
      </Panel>
      <Panel
        title="What decided how long it took"
        aside={critical.data && <span>{length(critical.data.seconds)} in all</span>}
      >
        <Answer of={critical}>{(found) => <Critical steps={found.steps} seconds={found.seconds} />}</Answer>
      </Panel>
    </>
  );
}

function Gantt({ told, steps, zone }: { told: Told; steps: readonly Step[]; zone: string }) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [zoom, setZoom] = useState(1);
  const critical = useMemo(() => new Set(steps.map((step) => label(step.task_id, step.map_index))), [steps]);
  const rows = useMemo(() => rowsOf(told.lanes, open, critical), [told.lanes, open, critical]);
  const now = useNow(told.end ? 0 : 1_000);
  const span = spanOf(rows, told.end ? Date.parse(told.end) : now);
  const ref = useRef<HTMLDivElement>(null);
  const { width: all } = useBox(ref);
  const { from, to } = useRows(ref, HIGH, rows.length, 12);
  const width = Math.max(160, all - Math.min(260, all * 0.4) - 150) * zoom;
  const toggle = (task: string) => {
    const next = new Set(open);
    if (!next.delete(task)) next.add(task);
    setOpen(next);
  };
  return (
    <>
      <div className="gantt-bar">
        <span className="gantt-key">
          <i className="gantt-piece waits" /> waits for a worker
          <i className="gantt-piece runs" /> runs
          <i className="gantt-critical">◆</i> decided how long it took
        </span>
        <span className="row">
          <Zoom zoom={zoom} set={setZoom} />
        </span>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a stretch that scrolls must be reachable by the keyboard */}
      <div
        ref={ref}
        className="gantt"
        role="region"
        aria-label="time line of the run"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
        tabIndex={0}
      >
        <div className="gantt-paper" style={{ "--plot": `${width}px` } as CSSProperties}>
          <Axis span={span} width={width} zone={zone} />
          <ul style={{ height: rows.length * HIGH }}>
            {rows.slice(from, to).map((row, n) => (
              <Row
                key={row.label + (row.many ? "*" : "")}
                row={row}
                top={(from + n) * HIGH}
                span={span}
                width={width}
                now={now}
                zone={zone}
                toggle={toggle}
              />
            ))}
          </ul>
        </div>
      </div>
    </>
  );
}

function Zoom({ zoom, set }: { zoom: number; set: (zoom: number) => void }) {
  const at = ZOOMS.indexOf(zoom);
  return (
    <>
      <Button
        aria-label="draw it wider apart"
        disabled={at === ZOOMS.length - 1}
        onClick={() => set(ZOOMS[at + 1] ?? 1)}
      >
        +
      </Button>
      <Button aria-label="draw it closer together" disabled={at === 0} onClick={() => set(ZOOMS[at - 1] ?? 1)}>
        −
      </Button>
      <Button disabled={at === 0} onClick={() => set(1)}>
        whole
      </Button>
    </>
  );
}

function Axis({ span, width, zone }: { span: Span; width: number; zone: string }) {
  const scale = width / (span.end - span.start);
  return (
    <div className="gantt-axis">
      <span className="gantt-label">{moment(span.start, zone, "second")}</span>
      <span className="gantt-plot" aria-hidden="true">
        {ticksOf(span, width).map((seconds) => (
          <span key={seconds} className="gantt-tick" style={{ left: seconds * 1000 * scale }}>
            {seconds === 0 ? "0" : `+${length(seconds)}`}
          </span>
        ))}
      </span>
    </div>
  );
}

interface RowProps {
  row: GanttRow;
  top: number;
  span: Span;
  width: number;
  now: number;
  zone: string;
  toggle: (task: string) => void;
}

function Row({ row, top, span, width, now, zone, toggle }: RowProps) {
  const last = row.bars.reduce((end, bar) => Math.max(end, bar.end ?? now), span.start);
  const scale = width / (span.end - span.start);
  const said = saidOf(row, now);
  return (
    <li
      className={`gantt-row${row.critical ? " critical" : ""}${row.inside ? " inside" : ""}${row.many ? " many" : ""}`}
      style={{ top }}
    >
      <span className="gantt-label">
        {row.many && (
          <button
            type="button"
            className="gantt-fold"
            aria-expanded={row.many.open}
            aria-label={`items of ${row.label}`}
            onClick={() => toggle(row.label)}
          >
            {row.many.open ? "▾" : "▸"}
          </button>
        )}
        <Mark state={row.state} size={12} />
        <Link
          to="."
          search={((old: Record<string, unknown>) => ({ ...old, task: row.label })) as never}
          resetScroll={false}
          title={row.label}
        >
          <bdi>{row.label}</bdi>
        </Link>
        {row.many && <small>× {row.many.items}</small>}
        {row.critical && (
          <span className="gantt-critical" title="it decided how long the run took">
            ◆<span className="sr"> decided how long it took</span>
          </span>
        )}
      </span>
      <span className="gantt-plot">
        {row.bars.length > 1 && <Thread row={row} span={span} scale={scale} last={last} />}
        {row.bars.map((bar) => (
          <Piece key={`${bar.start} ${bar.waiting}`} bar={bar} span={span} width={width} now={now} zone={zone} />
        ))}
        <small className="gantt-said" style={{ left: (last - span.start) * scale + 6 }}>
          {said}
        </small>
      </span>
    </li>
  );
}

/** What lies between attempts: the pause before another try. */
function Thread({ row, span, scale, last }: { row: GanttRow; span: Span; scale: number; last: number }) {
  const first = row.bars.reduce((start, bar) => Math.min(start, bar.start), last);
  return <i className="gantt-thread" style={{ left: (first - span.start) * scale, width: (last - first) * scale }} />;
}

function saidOf(row: GanttRow, now: number): string {
  const sum = (some: readonly Bar[]) => some.reduce((all, bar) => all + (bar.end ?? now) - bar.start, 0) / 1000;
  const waited = sum(row.bars.filter((bar) => bar.waiting));
  const ran = sum(row.bars.filter((bar) => !bar.waiting));
  if (row.many) return `${length(ran)}, ${row.many.atOnce} at once`;
  const wait = waited >= 0.1 ? `waited ${length(waited)}` : "";
  return [wait, ran > 0 ? length(ran) : ""].filter(Boolean).join(" + ");
}

interface PieceProps {
  bar: Bar;
  span: Span;
  width: number;
  now: number;
  zone: string;
}

function Piece({ bar, span, width, now, zone }: PieceProps) {
  const place = placeOf(bar, span, width, now);
  const state = bar.end === null ? "running" : bar.state || "success";
  const style = { ...place, "--mark": `var(--${lookOf(state).token})` } as CSSProperties;
  const look = `gantt-piece ${bar.waiting ? "waits" : "runs"}${bar.end === null ? " on" : ""}`;
  const title = `${bar.attempt ? `attempt ${bar.attempt} ` : ""}${bar.waiting ? "waits for a worker" : "runs"} from ${moment(bar.start, zone, "second")}, ${length(((bar.end ?? now) - bar.start) / 1000)}`;
  if (!bar.id) return <i className={look} style={style} title={title} />;
  return (
    <Link
      to="/attempts/$attempt"
      params={{ attempt: bar.id }}
      className={look}
      style={style}
      title={title}
      aria-label={title}
      tabIndex={-1}
    />
  );
}
