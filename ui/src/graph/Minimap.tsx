import { useEffect, useRef, useSyncExternalStore } from "react";
import { colourOf, onTheme } from "~/ui/colors";
import { lookOf } from "~/ui/marks";
import { BOX } from "./layered";
import { type Mini, miniOf, paneOf, viewAt } from "./minimap";
import { at } from "./order";
import { calls } from "./paint";
import type { Scene } from "./scene";
import type { Stage } from "./stage";

const PAUSE = 500; // milliseconds between two paintings: states may pour in

/** All of a graph in a corner, where only a part of it is seen. For the pointer: the keyboard walks from box to box. */
export function Minimap({ stage }: { stage: Stage }) {
  const partial = useSyncExternalStore(stage.subscribe, () => stage.partial);
  return partial && stage.scene ? <Chart stage={stage} scene={stage.scene} /> : null;
}

function Chart({ stage, scene }: { stage: Stage; scene: Scene }) {
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const pane = useRef<HTMLElement>(null);
  useEffect(() => {
    let later: ReturnType<typeof setTimeout> | undefined;
    const paint = () => {
      later = undefined;
      if (canvas.current) paintMap(canvas.current, scene, miniOf(scene.layout, stage.size));
    };
    const soon = () => {
      later ??= setTimeout(paint, PAUSE);
    };
    const move = () => {
      const mini = miniOf(scene.layout, stage.size);
      const [left, top, width, height] = paneOf(stage.view, stage.size, mini);
      if (pane.current)
        Object.assign(pane.current.style, {
          transform: `translate(${left}px, ${top}px)`,
          width: `${width}px`,
          height: `${height}px`,
        });
    };
    const go = (event: PointerEvent) => {
      const on = host.current;
      if (!event.buttons || !on) return;
      event.stopPropagation(); // or the graph below is dragged
      if (event.type === "pointerdown") on.setPointerCapture(event.pointerId);
      const { left, top } = on.getBoundingClientRect();
      const mini = miniOf(scene.layout, stage.size);
      stage.look(viewAt(stage.view, stage.size, mini, event.clientX - left, event.clientY - top));
    };
    paint();
    move();
    host.current?.addEventListener("pointerdown", go);
    host.current?.addEventListener("pointermove", go);
    const stop = [stage.subscribe(soon), stage.watch(move), onTheme(paint)];
    return () => {
      clearTimeout(later);
      for (const end of stop) end();
    };
  }, [stage, scene]);
  return (
    <div ref={host} className="graph-map" aria-hidden>
      <canvas ref={canvas} />
      <i ref={pane} />
    </div>
  );
}

function paintMap(canvas: HTMLCanvasElement, scene: Scene, { width, height, across, down }: Mini) {
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  const ink = canvas.getContext("2d");
  if (!ink) return;
  ink.scale(ratio, ratio);
  const dot = (box: number, least: number) => {
    const { state } = scene.status(box);
    ink.fillStyle = colourOf(state ? lookOf(state).token : "line-strong");
    const [w, h] = [Math.max(least, BOX.width * across), Math.max(least, BOX.height * down)];
    ink.fillRect(at(scene.layout.x, box) * across, at(scene.layout.y, box) * down, w, h);
  };
  const loud: number[] = [];
  for (let box = 0; box < scene.folded.boxes; box++) {
    if (calls(scene.status(box).state)) loud.push(box);
    else dot(box, 1);
  }
  for (const box of loud) dot(box, 3); // over the others, and large enough to be seen
}
