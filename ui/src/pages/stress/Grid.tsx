/** `/stress/grid?runs=365&tasks=200`: the grid with made-up data, scrolled by a script. What it took: `__segueStress`. */
import { useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import type { Grid as Page } from "~/api/schema";
import { Grid } from "~/grid/Grid";
import { linesOf } from "~/grid/lines";
import { sheetOf } from "~/grid/sheet";

const LETTERS = { s: "success", f: "failed", r: "running", k: "skipped", h: "held", u: "upstream_failed", ".": "" };
const DAY = 86_400_000;

/** The same for the same numbers. */
function madeUp(runs: number, tasks: number): Page {
  let seed = 7;
  const next = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed / 2_147_483_648;
  };
  const rows = Array.from({ length: tasks }, (_, at) => {
    const group = at % 20 > 14 ? `part_${Math.floor(at / 20)}` : "";
    const name = `task_${String(at).padStart(4, "0")}`;
    return { task_id: group ? `${group}.${name}` : name, group, kind: "task", mapped: at % 25 === 3, gone: false };
  });
  const columns = Array.from({ length: runs }, (_, back) => {
    const created = new Date(Date.UTC(2026, 10, 22) - back * DAY).toISOString();
    const codes = rows.map(() => (next() < 0.985 ? "s" : ("frkhu"[Math.floor(next() * 5)] as string))).join("");
    return {
      run_id: `made_up@${created.slice(0, 10)}`,
      number: runs - back,
      state: codes.includes("f") ? "failed" : "success",
      kind: back % 9 === 4 ? "manual" : "scheduled",
      key: created.slice(0, 10),
      created_at: created,
      started_at: created,
      seconds: 60 + next() * 600,
      version: 1 + Math.floor((runs - back) / 90),
      codes,
      items: rows.flatMap((row, at) => (row.mapped ? [[at, { success: 40, failed: at % 3 }]] : [])) as never,
    };
  });
  return { dag_id: "made_up", letters: LETTERS, rows, columns, next: null };
}

interface Measured {
  /** Milliseconds: until the first cells were on the page, since the address was opened and since the data was there. */
  opened: number;
  painted: number;
  /** Of the scripted scroll: each task over 50 ms, how many frames, the longest of them. */
  longTasks: number[];
  frames: number;
  slowest: number;
  done: boolean;
}

declare global {
  interface Window {
    __segueStress?: Measured | Record<string, unknown>;
  }
}

const frame = () => new Promise<number>(requestAnimationFrame);

/** From the newest to the oldest run and from the first to the last task, and back, in `steps` frames each. */
async function scrollAll(measured: Measured, steps: number) {
  const box = document.querySelector<HTMLElement>(".grid-scroller");
  if (!box) return;
  const watch = new PerformanceObserver((list) =>
    measured.longTasks.push(...list.getEntries().map((entry) => Math.round(entry.duration))),
  );
  watch.observe({ type: "longtask" });
  const right = box.scrollWidth - box.clientWidth;
  const down = box.scrollHeight - box.clientHeight;
  let before = await frame();
  const step = async (left: number, top: number) => {
    box.scrollTo({ left, top, behavior: "instant" });
    const at = await frame();
    measured.frames += 1;
    measured.slowest = Math.max(measured.slowest, at - before);
    before = at;
  };
  for (let n = steps; n >= 0; n -= 1) await step((right * n) / steps, 0);
  for (let n = 0; n <= steps; n += 1) await step(0, (down * n) / steps);
  for (let n = 0; n <= steps; n += 1) await step((right * n) / steps, down - (down * n) / steps);
  await new Promise((later) => setTimeout(later, 200)); // long tasks are told late
  watch.disconnect();
  measured.done = true;
}

export default function StressGrid() {
  const { runs = "365", tasks = "200" } = useSearch({ strict: false });
  const page = useMemo(() => madeUp(Number(runs) || 365, Number(tasks) || 200), [runs, tasks]);
  const [began] = useState(() => performance.now());
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const sheet = useMemo(() => sheetOf([page]), [page]);
  const lines = useMemo(() => linesOf(sheet.rows, folded), [sheet, folded]);
  const stamps = useMemo(() => sheet.columns.map((one) => `${one.key} 00:00`), [sheet]);
  useEffect(() => {
    let stopped = false;
    const measured: Measured = { opened: 0, painted: 0, longTasks: [], frames: 0, slowest: 0, done: false };
    window.__segueStress = measured;
    void frame()
      .then(frame)
      .then(async () => {
        measured.opened = Math.round(performance.now());
        measured.painted = Math.round(performance.now() - began);
        await new Promise((later) => setTimeout(later, 400));
        if (!stopped) await scrollAll(measured, 240);
      });
    return () => {
      stopped = true;
    };
  }, [began]);
  return (
    <main>
      <h1>
        {sheet.columns.length} runs × {sheet.rows.length} tasks, made up
      </h1>
      <section className="panel">
        <Grid
          lines={lines}
          columns={sheet.columns}
          letters={sheet.letters}
          stamps={stamps}
          now={0}
          question=""
          fold={(group) => setFolded((had) => (had.has(group) ? new Set() : new Set([...had, group])))}
          card={(line, column) => `${line?.full ?? "run"} ${column.key}`}
        />
      </section>
    </main>
  );
}
