/** The chart of how long runs took: a mark of its state for each, and lines for the median and the 90th percentile. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Trend } from "~/api/schema";
import { scaleOf } from "~/grid/ticks";
import { colourOf } from "~/ui/colors";
import { lookOf } from "~/ui/marks";
import { length } from "~/ui/words";

const HEIGHT = 280;

type Point = NonNullable<Trend["points"]>[number];

function marks(chart: uPlot, points: readonly Point[], at: number | null) {
  const { ctx } = chart;
  const size = (points.length > 300 ? 8 : 12) * uPlot.pxRatio;
  points.forEach((point, n) => {
    const look = lookOf(point.state);
    const scale = (size / 16) * (n === at ? 1.6 : 1);
    ctx.save();
    const y = Math.max(chart.valToPos(point.seconds, "y", true), chart.bbox.top); // an outlier lies on the edge
    ctx.translate(chart.valToPos(n, "x", true) - 8 * scale, y - 8 * scale);
    ctx.scale(scale, scale);
    ctx.fillStyle = ctx.strokeStyle = colourOf(look.token);
    ctx.lineWidth = 1.9;
    if (look.fill) ctx.fill(new Path2D(look.fill));
    if (look.stroke) ctx.stroke(new Path2D(look.stroke));
    ctx.strokeStyle = colourOf("mark-ink");
    if (look.ink) ctx.stroke(new Path2D(look.ink));
    ctx.restore();
  });
}

function rule(chart: uPlot, seconds: number | null, name: string, dash: number[], left: boolean) {
  if (seconds == null) return;
  const { ctx, bbox } = chart;
  const y = chart.valToPos(seconds, "y", true);
  if (y < bbox.top || y > bbox.top + bbox.height) return;
  ctx.save();
  ctx.strokeStyle = colourOf("accent");
  ctx.fillStyle = colourOf("accent");
  ctx.lineWidth = uPlot.pxRatio;
  ctx.setLineDash(dash.map((n) => n * uPlot.pxRatio));
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.font = `${11 * uPlot.pxRatio}px "Inter Variable", system-ui, sans-serif`;
  ctx.textAlign = left ? "left" : "right";
  ctx.textBaseline = "bottom";
  ctx.fillText(`${name} ${length(seconds)}`, left ? bbox.left + 4 : bbox.left + bbox.width - 4, y - 3);
  ctx.restore();
}

function axis(over: uPlot.Axis): uPlot.Axis {
  return {
    stroke: () => colourOf("muted"),
    font: '11px "Inter Variable", system-ui, sans-serif',
    grid: { stroke: () => colourOf("line"), width: 1 },
    ticks: { show: false },
    ...over,
  };
}

export interface Chart {
  resize: (width: number) => void;
  repaint: () => void;
  destroy: () => void;
}

/**
 * Draw it into an element.
 *
 * @param point what is told of the run that is pointed at, null for none; `open`: it was clicked
 */
export function drawChart(
  box: HTMLElement,
  trend: Trend,
  log: boolean,
  point: (at: number | null, open: boolean) => void,
): Chart {
  const points = trend.points ?? [];
  const seconds = points.map((one) => one.seconds);
  const most = (log ? Math.max(...seconds) : Math.max(scaleOf(seconds), trend.p90_seconds ?? 0)) * 1.08 || 1;
  const least = log ? Math.max(Math.min(...seconds.filter((one) => one > 0)) * 0.8, 1e-6) : 0;
  const keys = (_: uPlot, ticks: number[]) =>
    ticks.map((n) => (Number.isInteger(n) ? (points[n]?.key.slice(0, 16) ?? "") : ""));
  const chart = new uPlot(
    {
      width: Math.max(box.clientWidth, 100),
      height: HEIGHT,
      padding: [12, 14, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false, setScale: false }, points: { show: false }, y: false },
      scales: {
        x: { time: false, range: [-0.6, points.length - 0.4] },
        y: { range: [least, most], distr: log ? 3 : 1 },
      },
      axes: [
        axis({ values: keys, size: 28, space: 96, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500] }),
        axis({ values: (_, ticks) => ticks.map((one) => (one == null ? "" : length(one))), size: 64 }),
      ],
      series: [{}, { paths: () => null, points: { show: false } }],
      hooks: {
        draw: [
          (self) => {
            rule(self, trend.median_seconds, "median", [], true);
            rule(self, trend.p90_seconds, "p90", [5, 4], false);
            marks(self, points, self.cursor.idx ?? null);
          },
        ],
        setCursor: [
          (self) => {
            point(self.cursor.idx ?? null, false);
            self.redraw(false, false);
          },
        ],
      },
    },
    [seconds.map((_, at) => at), seconds],
    box,
  );
  chart.over.addEventListener("click", () => point(chart.cursor.idx ?? null, true));
  return {
    resize: (width) => chart.setSize({ width: Math.max(width, 100), height: HEIGHT }),
    repaint: () => chart.redraw(false, false),
    destroy: () => chart.destroy(),
  };
}
