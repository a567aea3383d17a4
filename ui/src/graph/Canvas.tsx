/** The graph of a DAG on one canvas, with the states of a run over it. */
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Event, GraphPage } from "~/api/schema";
import { Button } from "~/ui/parts";
import { closedAtFirst, fold, groupsOf } from "./fold";
import { gestures, zoomKey } from "./gestures";
import "./graph.css";
import { boxAt } from "./index";
import { type Layout, layered } from "./layered";
import { Heads, Nodes } from "./Nodes";
import { refine } from "./refine";
import { culpritOf, Scene } from "./scene";
import { Stage } from "./stage";
import { Overlay } from "./status";
import { Find, Legend, Tip, ToCulprit, Zooms } from "./Tools";
import { READABLE } from "./view";

export interface GraphProps {
  page: GraphPage;
  /** Whether a newer answer is on its way. */
  asking?: boolean;
  /** Hear the events of the run that is laid over, of that alone; it gives what ends it. */
  hear?: (tell: (event: Event) => void) => () => void;
  picked?: string;
  onPick?: (task: string) => void;
  /** Hears when all has been painted for the first time. */
  onPainted?: () => void;
  label: string;
}

export function Graph({ page, asking = false, hear, picked, onPick, onPainted, label }: GraphProps) {
  const [stage] = useState(() => new Stage());
  const whole = useSame(page, page.digest);
  const overlay = useOverlay(stage, page, asking, hear);
  const [closed, setClosed] = useState(() => closedAtFirst(page, picked ?? culpritOf(page, overlay)));
  const anchor = useRef<string>(undefined);
  const folded = useMemo(() => fold(whole, closed), [whole, closed]);
  const layout = useLayout(folded, `${whole.digest} ${[...closed].sort().join(",")}`);
  const scene = useMemo(() => new Scene(whole, folded, layout, overlay), [whole, folded, layout, overlay]);
  const pickedBox = (picked === undefined ? undefined : scene.boxOf(picked)) ?? -1;

  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  const wanted = useRef<string>(undefined); // a task to go to when its group is open

  const toggle = useCallback((group: string) => {
    anchor.current = group;
    setClosed((closed) => {
      const next = new Set(closed);
      if (!next.delete(group)) next.add(group);
      return next;
    });
  }, []);
  const choose = useCallback(
    (box: number) => {
      const node = stage.scene?.node(box);
      const group = stage.scene?.folded.ids[box];
      stage.active = box;
      if (!node && group) toggle(group);
      if (!node) return;
      if (!onPick) stage.pick(stage.picked === box ? -1 : box);
      onPick?.(node.id);
    },
    [stage, onPick, toggle],
  );
  const go = useCallback(
    (id: string) => {
      const around = groupsOf(whole, id);
      const shut = around.some((group) => closed.has(group));
      if (shut) setClosed((closed) => new Set([...closed].filter((group) => !around.includes(group))));
      wanted.current = id;
      anchor.current = undefined;
      if (!shut) arrive(stage, wanted, host.current);
    },
    [whole, closed, stage],
  );

  const chosen = useRef(choose);
  chosen.current = choose;
  useEffect(() => {
    if (!host.current || !canvas.current || !layer.current) return;
    stage.painted = onPainted;
    const ends = [
      stage.mount(host.current, canvas.current, layer.current),
      gestures(host.current, stage, (x, y) => {
        const box = boxUnder(stage, x, y);
        if (box !== undefined) chosen.current(box);
      }),
    ];
    return () =>
      ends.forEach((end) => {
        end();
      });
  }, [stage, onPainted]);
  useEffect(() => {
    stage.show(scene, stage.picked, anchor.current);
    arrive(stage, wanted, host.current);
  }, [stage, scene]);
  useEffect(() => stage.pick(pickedBox), [stage, pickedBox]);

  const [tip, setTip] = useState(-1);
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
    if (zoomKey(stage, event.key)) event.preventDefault();
  };
  const order = useMemo(() => whole.edges.some((edge) => edge.sort !== "data"), [whole]);
  const ids = useMemo(() => whole.nodes.map((node) => node.id), [whole]);
  return (
    <section className="graph" aria-label={label} onKeyDown={onKey}>
      <div className="graph-bar">
        <Find ids={ids} go={go} />
        <ToCulprit stage={stage} go={go} />
        {whole.groups.length > 0 && (
          <Button
            onClick={() => setClosed(closed.size ? new Set<string>() : new Set(whole.groups.map((group) => group.id)))}
          >
            {closed.size ? "open groups" : "close groups"}
          </Button>
        )}
        <Zooms stage={stage} />
      </div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: what can be picked are the buttons inside; this follows the pointer */}
      <div
        ref={host}
        className="graph-stage"
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const under = event.buttons ? -1 : (boxUnder(stage, event.clientX - box.left, event.clientY - box.top) ?? -1);
          if (under !== tip) setTip(under);
        }}
        onPointerLeave={() => setTip(-1)}
        onFocus={(event) => setTip(Number((event.target as HTMLElement).dataset.box ?? -1))}
        onBlur={() => setTip(-1)}
      >
        <canvas ref={canvas} aria-hidden />
        <div ref={layer} className="graph-layer">
          <Heads stage={stage} close={toggle} />
          <Nodes stage={stage} choose={choose} />
        </div>
        {tip >= 0 && <Tip stage={stage} box={tip} />}
      </div>
      <Legend stage={stage} order={order} />
    </section>
  );
}

function boxUnder(stage: Stage, x: number, y: number): number | undefined {
  const { scene, view } = stage;
  return scene && boxAt(scene.index, (x - view.x) / view.k, (y - view.y) / view.k, view.k < READABLE ? 3 / view.k : 0);
}

/** Go to a task that is wanted, and give its element the focus. */
function arrive(stage: Stage, wanted: { current: string | undefined }, host: HTMLElement | null) {
  const box = wanted.current === undefined ? undefined : stage.scene?.boxOf(wanted.current);
  if (box === undefined) return;
  wanted.current = undefined;
  stage.go(box, true);
  requestAnimationFrame(() => host?.querySelector<HTMLElement>(`[data-box="${box}"]`)?.focus({ preventScroll: true }));
}

/** The first of all values that came under a key. */
function useSame<T>(value: T, key: string): T {
  const [same, setSame] = useState({ value, key });
  if (same.key === key) return same.value;
  setSame({ value, key });
  return value;
}

/** States: from each answer, and at once from each event. */
function useOverlay(stage: Stage, page: GraphPage, asking: boolean, hear: GraphProps["hear"]): Overlay {
  const [overlay] = useState(() => new Overlay(page));
  useEffect(() => {
    if (asking) overlay.asking();
  }, [overlay, asking]);
  useEffect(() => stage.changed(overlay.answer(page)), [stage, overlay, page]);
  useEffect(
    () =>
      hear?.((event) => {
        const task = overlay.event(event);
        if (task !== undefined) stage.changed([task]);
      }),
    [stage, overlay, hear],
  );
  return overlay;
}

/** Our own layout at once; elk's when it has come. */
function useLayout(folded: ReturnType<typeof fold>, key: string): Layout {
  const own = useMemo(() => layered(folded), [folded]);
  const [better, setBetter] = useState<{ of: Layout; layout: Layout }>();
  useEffect(() => {
    let here = true;
    void refine(folded, key).then((layout) => {
      if (here && layout) setBetter({ of: own, layout });
    });
    return () => {
      here = false;
    };
  }, [folded, key, own]);
  return better?.of === own ? better.layout : own;
}
