/** The graph of a DAG on one canvas, with the states of a run over it. */
import { type KeyboardEvent, useCallback, useEffect, useMemo, useState } from "react";
import type { Event, GraphPage } from "~/api/schema";
import { now } from "~/ui/clock";
import { Button } from "~/ui/parts";
import { closedAtFirst, type Folded, fold, groupsOf, type Whole } from "./fold";
import { zoomKey } from "./gestures";
import "./graph.css";
import { type Layout, layered } from "./layered";
import { Plane } from "./Plane";
import { refine } from "./refine";
import { culpritOf, Scene } from "./scene";
import { Stage } from "./stage";
import { Overlay } from "./status";
import { Find, Legend, ToCulprit, Zooms } from "./Tools";

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

/** A graph; one of another DAG or run is another one (`key`). */
export function Graph({ page, asking = false, hear, picked, onPick, onPainted, label }: GraphProps) {
  const [stage] = useState(() => new Stage());
  const whole = useSame(page, page.digest);
  const overlay = useOverlay(stage, page, asking, hear);
  const groups = useGroups(stage, whole, picked ?? culpritOf(whole, overlay));
  const scene = useScene(whole, groups.closed, overlay);
  useEffect(() => stage.pick(picked), [stage, picked]);
  useEffect(() => stage.show(scene), [stage, scene]);

  const { toggle } = groups;
  const choose = useCallback(
    (box: number) => {
      const id = stage.scene?.folded.ids[box];
      if (!stage.scene || id === undefined) return;
      stage.active = box;
      if (!stage.scene.node(box)) toggle(id);
      else if (onPick) onPick(id);
      else stage.pick(stage.picked === box ? undefined : id);
    },
    [stage, onPick, toggle],
  );
  const go = (task: string) => {
    groups.uncover(task);
    stage.seek(task);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
    if (zoomKey(stage, event.key)) event.preventDefault();
  };
  const ids = useMemo(() => whole.nodes.map((node) => node.id), [whole]);
  const [height] = useState(() => `min(64vh, ${Math.round(Math.max(420, scene.layout.height + 190))}px)`);
  return (
    <section className="graph" aria-label={label} style={{ height }} onKeyDown={onKey}>
      <div className="graph-bar">
        <Find ids={ids} go={go} />
        <ToCulprit stage={stage} go={go} />
        {whole.groups.length > 0 && (
          <Button onClick={groups.toggleAll}>{groups.closed.size ? "open groups" : "close groups"}</Button>
        )}
        <Zooms stage={stage} />
      </div>
      <Plane stage={stage} choose={choose} close={toggle} onPainted={onPainted} />
      <Legend stage={stage} />
    </section>
  );
}

/** Which groups are closed. */
function useGroups(stage: Stage, whole: Whole, toSee: string | undefined) {
  const [closed, setClosed] = useState(() => closedAtFirst(whole, toSee));
  const toggle = useCallback(
    (group: string) => {
      const opens = stage.scene?.boxOf(group) !== undefined;
      stage.folding(group, opens ? whole.nodes.find((node) => `${node.group}.`.startsWith(`${group}.`))?.id : group);
      setClosed((closed) => {
        const next = new Set(closed);
        if (!next.delete(group)) next.add(group);
        return next;
      });
    },
    [stage, whole],
  );
  const toggleAll = () => setClosed(new Set(closed.size ? [] : whole.groups.map((group) => group.id)));
  const uncover = (task: string) => {
    const around = groupsOf(whole, task).filter((group) => closed.has(group));
    if (around.length) setClosed(new Set([...closed].filter((group) => !around.includes(group))));
  };
  return { closed, toggle, toggleAll, uncover };
}

/** What there is to draw: by our own layout at once, by elk's when it has come. */
function useScene(whole: Whole & { digest: string }, closed: ReadonlySet<string>, overlay: Overlay): Scene {
  const folded = useMemo(() => fold(whole, closed), [whole, closed]);
  const layout = useLayout(folded, `${whole.digest} ${[...closed].sort().join(",")}`);
  return useMemo(() => new Scene(whole, folded, layout, overlay), [whole, folded, layout, overlay]);
}

function useLayout(folded: Folded, key: string): Layout {
  const own = useMemo(() => layered(folded), [folded]);
  const [better, setBetter] = useState<{ than: Layout; layout: Layout }>();
  useEffect(() => {
    let here = true;
    void refine(folded, key).then((layout) => {
      if (here && layout) setBetter({ than: own, layout });
    });
    return () => {
      here = false;
    };
  }, [folded, key, own]);
  return better?.than === own ? better.layout : own;
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
  useEffect(() => {
    if (!hear) return;
    const tick = () => stage.tick(now());
    overlay.now = now();
    const timer = setInterval(tick, 1_000);
    return () => clearInterval(timer);
  }, [stage, overlay, hear]);
  return overlay;
}
