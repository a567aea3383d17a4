import { useEffect, useRef, useState } from "react";
import type UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { colourOf, onTheme } from "~/ui/colors";
import { type Columns, isEmpty, type Plot, said, tick } from "./history";

const HEIGHT = 120;
const FONT = '11px "Inter Variable", system-ui, sans-serif';

/** One figure over time; the pointer over any of them shows the same instant in all. */
export function Chart({ plot, columns, zone, least }: { plot: Plot; columns: Columns; zone: string; least: number }) {
  const box = useRef<HTMLDivElement>(null);
  const drawn = useRef<UPlot | null>(null);
  const newest = useRef(columns);
  newest.current = columns;
  const [at, setAt] = useState<number | null>(null);
  const empty = isEmpty(columns);
  useEffect(() => {
    const host = box.current;
    if (!host || empty) return;
    let gone = false;
    const draw = async () => {
      const { default: Uplot } = await import("uplot");
      if (gone) return;
      drawn.current?.destroy();
      drawn.current = new Uplot(optionsOf(plot, zone, least, host.clientWidth, setAt), newest.current, host);
    };
    void draw();
    const size = new ResizeObserver(() => drawn.current?.setSize({ width: host.clientWidth, height: HEIGHT }));
    size.observe(host);
    const stop = onTheme(() => void draw());
    return () => {
      gone = true;
      size.disconnect();
      stop();
      drawn.current?.destroy();
      drawn.current = null;
    };
  }, [plot, zone, least, empty]);
  useEffect(() => drawn.current?.setData(columns), [columns]);
  const time = at === null ? undefined : columns[0][at];
  return (
    <figure className="chart">
      <figcaption>
        <h3>{plot.title}</h3>
        {!empty &&
          plot.lines.map((line, index) => (
            <span key={line.figure} className={line.dashed ? "dashed" : ""} style={{ color: `var(--${line.token})` }}>
              <i /> {plot.lines.length > 1 && <small>{line.label}</small>}{" "}
              <b>{plot.show((columns[index + 1] ?? [])[at ?? columns[0].length - 1])}</b>
            </span>
          ))}
        {!empty && <small className="when">{time === undefined ? "now" : tick(time, zone)}</small>}
      </figcaption>
      {empty ? <p className="muted">{plot.none}</p> : <div ref={box} role="img" aria-label={said(plot, columns)} />}
    </figure>
  );
}

/** A line of few points may be no line at all. */
function isSparse(column: ArrayLike<number | null | undefined> | undefined): boolean {
  return Array.from(column ?? []).filter((value) => value != null).length < 24;
}

function optionsOf(
  plot: Plot,
  zone: string,
  least: number,
  width: number,
  point: (at: number | null) => void,
): UPlot.Options {
  const axis = {
    stroke: colourOf("muted"),
    font: FONT,
    grid: { stroke: colourOf("line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: "resources" }, drag: { x: false, y: false }, points: { show: false }, y: false },
    scales: { y: { range: (_, __, most) => [0, Math.max(most * 1.08, least, plot.least ?? 0, 1e-9)] } },
    axes: [
      { ...axis, size: 24, values: (_, seconds) => seconds.map((one) => tick(one, zone)) },
      { ...axis, size: 64, incrs: plot.steps, values: (_, values) => values.map((one) => plot.show(one)) },
    ],
    series: [
      {},
      ...plot.lines.map((line) => ({
        label: line.label,
        stroke: colourOf(line.token),
        width: 1.5,
        dash: line.dashed ? [5, 4] : undefined,
        fill: plot.lines.length > 1 ? undefined : `color-mix(in srgb, ${colourOf(line.token)} 16%, transparent)`,
        spanGaps: true,
        points: { size: 4, show: (chart: UPlot, series: number) => isSparse(chart.data[series]) },
      })),
    ],
    hooks: { setCursor: [(chart) => point(chart.cursor.idx ?? null)] },
  };
}
