import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { $api } from "~/api/client";
import type { DagPage, Trend as Found } from "~/api/schema";
import { scaleOf } from "~/grid/ticks";
import { onTheme } from "~/ui/colors";
import { Answer, Empty, Panel, Time } from "~/ui/parts";
import { State } from "~/ui/State";
import { count, length, many } from "~/ui/words";
import { drawChart } from "./chart";

const SPANS = ["50", "200", "1000"];

/** How long its runs took, and what each task of it usually takes. */
export default function Trend({ dag }: { dag: DagPage }) {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const runs = SPANS.includes(search.runs ?? "") ? Number(search.runs) : 200;
  const log = search.scale === "log";
  const asked = $api.useQuery(
    "get",
    "/api/v1/dags/{dag}/trend",
    { params: { path: { dag: dag.dag_id }, query: { runs } } },
    { placeholderData: (had) => had },
  );
  const go = (some: Record<string, string>) =>
    void navigate({
      to: ".",
      search: { tab: "trend", runs: search.runs, scale: search.scale, ...some } as never,
      replace: true,
    });
  return (
    <Answer of={asked} lines={6}>
      {(trend) =>
        !trend.points?.length ? (
          <Panel>
            <Empty>No run has ended yet. When some have, how long they took stands here.</Empty>
          </Panel>
        ) : (
          <>
            <Panel
              title="How long its runs took"
              aside={
                <>
                  <span>
                    {trend.good > 0
                      ? `of ${many(trend.good, "good run")}: median ${length(trend.median_seconds)}, nine of ten within ${length(trend.p90_seconds)}`
                      : "none of them was good"}
                  </span>
                  <label>
                    <input type="checkbox" checked={log} onChange={() => go({ scale: log ? "" : "log" })} />
                    logarithmic
                  </label>
                  <select aria-label="newest runs" value={runs} onChange={(event) => go({ runs: event.target.value })}>
                    {SPANS.map((one) => (
                      <option key={one} value={one}>
                        newest {count(Number(one))}
                      </option>
                    ))}
                  </select>
                </>
              }
            >
              <Chart trend={trend} log={log} zone={dag.timezone} />
              <AsTable trend={trend} zone={dag.timezone} />
            </Panel>
            <Tasks trend={trend} />
          </>
        )
      }
    </Answer>
  );
}

function Chart({ trend, log, zone }: { trend: Found; log: boolean; zone: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<number | null>(null);
  const navigate = useNavigate();
  const open = useRef(navigate);
  open.current = navigate;
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const chart = drawChart(element, trend, log, (next, clicked) => {
      setAt(next);
      const run = clicked && next !== null ? trend.points?.[next]?.run_id : undefined;
      if (run) void open.current({ to: "/runs/$run", params: { run } });
    });
    const watch = new ResizeObserver(() => chart.resize(element.clientWidth));
    watch.observe(element);
    const themes = onTheme(chart.repaint);
    return () => {
      watch.disconnect();
      themes();
      chart.destroy();
    };
  }, [trend, log]);
  const point = trend.points?.[at ?? -1];
  const seconds = (trend.points ?? []).map((one) => one.seconds);
  const beyond = seconds.filter((one) => one > scaleOf(seconds) * 1.08).length;
  return (
    <div className="dag-chart">
      <div
        ref={box}
        role="img"
        aria-label={`how long ${many(trend.points?.length ?? 0, "run")} took; the same as a table below`}
      />
      <p className="row dag-pointed">
        {point ? (
          <>
            <bdi>{point.key}</bdi> <State state={point.state} /> <span className="number">{length(point.seconds)}</span>
            <span className="muted">
              <Time at={point.started_at} zone={zone} />, version {point.version}
            </span>
          </>
        ) : (
          <span className="muted">
            point at a run to read it, click to open it
            {!log && beyond > 0 && `; ${many(beyond, "mark")} at the upper edge took longer than the scale shows`}
          </span>
        )}
      </p>
    </div>
  );
}

function AsTable({ trend, zone }: { trend: Found; zone: string }) {
  const [open, setOpen] = useState(false);
  return (
    <details className="dag-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>as a table</summary>
      {open && (
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th>run</th>
                <th>state</th>
                <th>began</th>
                <th className="number">lasted</th>
              </tr>
            </thead>
            <tbody>
              {[...(trend.points ?? [])].reverse().map((one) => (
                <tr key={one.run_id}>
                  <td className="wide">
                    <Link to="/runs/$run" params={{ run: one.run_id }} className="link">
                      <bdi>{one.key}</bdi>
                    </Link>
                  </td>
                  <td>
                    <State state={one.state} />
                  </td>
                  <td className="dag-key">
                    <Time at={one.started_at} zone={zone} precision="second" />
                  </td>
                  <td className="number">{length(one.seconds)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

function Tasks({ trend }: { trend: Found }) {
  const [all, setAll] = useState(false);
  const tasks = [...(trend.tasks ?? [])].sort((a, b) => b.median_seconds - a.median_seconds);
  const most = Math.max(...tasks.map((one) => one.p90_seconds), 1e-9);
  if (!tasks.length) return null;
  return (
    <Panel title="What a task takes" aside="one attempt, over recent good runs; the longest first">
      <div className="scroll">
        <table>
          <thead>
            <tr>
              <th>task</th>
              <th className="number">median</th>
              <th className="number">p90</th>
              <th className="number">runs</th>
              <th>
                <span className="sr">share of the longest</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {tasks.slice(0, all ? undefined : 50).map((one) => (
              <tr key={one.task_id}>
                <td>
                  <bdi>{one.task_id}</bdi>
                </td>
                <td className="number">{length(one.median_seconds)}</td>
                <td className="number">{length(one.p90_seconds)}</td>
                <td className="number">{count(one.count)}</td>
                <td className="wide">
                  <span className="dag-span" aria-hidden>
                    <span style={{ width: `${(one.p90_seconds / most) * 100}%` }} />
                    <span style={{ width: `${(one.median_seconds / most) * 100}%` }} />
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {tasks.length > 50 && !all && (
        <div className="more">
          <button type="button" className="button" onClick={() => setAll(true)}>
            all {count(tasks.length)} tasks
          </button>
        </div>
      )}
    </Panel>
  );
}
