/** `/stress/graph?nodes=5000`: a graph of made-up data. What it took: `window.__segueStress`. */
import { useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useRef, useState } from "react";
import type { Event } from "~/api/schema";
import { Graph } from "~/graph/Canvas";
import { count } from "~/ui/words";
import { madeEvent, madeGraph } from "./made";

/** Times in milliseconds since the address was opened. */
export type GraphStress = {
  nodes: number;
  edges: number;
  /** When the data was there. */
  data: number;
  /** When all of it was painted first and answered to the pointer. */
  interactive: number;
  /** How long each task of the page over 50 ms was, since it was interactive. */
  longTasks: number[];
  /** Let so many events happen, as many in each frame as are told. */
  play: (events: number, aFrame?: number) => Promise<void>;
};

const frame = () => new Promise(requestAnimationFrame);

export default function StressGraph() {
  const search = useSearch({ strict: false });
  const nodes = Math.max(1, Math.min(50_000, Number(search.nodes ?? 5_000) || 1));
  const page = useMemo(() => madeGraph(nodes, search.groups === "true"), [nodes, search.groups]);
  const [data] = useState(() => performance.now());
  const [interactive, setInteractive] = useState(0);
  const [picked, setPicked] = useState<string>();
  const tell = useRef<(event: Event) => void>(undefined);
  const hear = useCallback((heard: (event: Event) => void) => {
    tell.current = heard;
    return () => {
      tell.current = undefined;
    };
  }, []);
  const onPainted = useCallback(() => {
    const longTasks: number[] = [];
    let played = 0;
    const stress: GraphStress = {
      nodes,
      edges: page.edges.length,
      data,
      interactive: performance.now(),
      longTasks,
      play: async (events, aFrame = 20) => {
        for (const end = played + events; played < end; played++) {
          tell.current?.(madeEvent(page, played));
          if (played % aFrame === 0) await frame();
        }
        await frame();
      },
    };
    window.__segueStress = stress;
    setInteractive(stress.interactive);
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries())
        if (entry.startTime > stress.interactive) longTasks.push(Math.round(entry.duration));
    }).observe({ type: "longtask" });
  }, [nodes, page, data]);
  return (
    <main>
      <h1>
        {count(nodes)} nodes, {count(page.edges.length)} edges
      </h1>
      <p className="number">{interactive ? `interactive after ${count(interactive)} ms` : "…"}</p>
      <Graph page={page} hear={hear} picked={picked} onPick={setPicked} onPainted={onPainted} label="made-up graph" />
    </main>
  );
}
