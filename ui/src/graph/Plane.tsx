import { useEffect, useRef, useState } from "react";
import { gestures } from "./gestures";
import { boxAt } from "./index";
import { Minimap } from "./Minimap";
import { Heads, Nodes } from "./Nodes";
import type { Stage } from "./stage";
import { Tip } from "./Tools";
import { READABLE } from "./view";

interface PlaneProps {
  stage: Stage;
  choose: (box: number) => void;
  close: (group: string) => void;
  onPainted?: () => void;
}

/** Where the graph is seen: the canvas, the elements over it, what the pointer does there. */
export function Plane({ stage, choose, close, onPainted }: PlaneProps) {
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  const [tip, setTip] = useState(-1);
  const chosen = useRef(choose);
  chosen.current = choose;
  useEffect(() => {
    if (!host.current || !canvas.current || !layer.current) return;
    const leave = stage.mount(host.current, canvas.current, layer.current, onPainted);
    const still = gestures(host.current, stage, (x, y) => {
      const box = boxUnder(stage, x, y);
      if (box !== undefined) chosen.current(box);
    });
    return () => {
      still();
      leave();
    };
  }, [stage, onPainted]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what can be picked are the buttons inside; this follows the pointer
    <div
      ref={host}
      className="graph-stage"
      onPointerMove={(event) => {
        const { left, top } = event.currentTarget.getBoundingClientRect();
        setTip(event.buttons ? -1 : (boxUnder(stage, event.clientX - left, event.clientY - top) ?? -1));
      }}
      onPointerLeave={() => setTip(-1)}
      onFocus={(event) => setTip(Number((event.target as HTMLElement).dataset.box ?? -1))}
      onBlur={() => setTip(-1)}
    >
      <canvas ref={canvas} aria-hidden />
      <div ref={layer} className="graph-layer">
        <Heads stage={stage} close={close} />
        <Nodes stage={stage} choose={choose} />
      </div>
      <Minimap stage={stage} />
      {tip >= 0 && <Tip stage={stage} box={tip} />}
    </div>
  );
}

/** The box at a point of the screen; from afar one need not hit it exactly. */
function boxUnder({ scene, view }: Stage, x: number, y: number): number | undefined {
  const slack = view.k < READABLE ? 3 / view.k : 0;
  return scene && boxAt(scene.index, (x - view.x) / view.k, (y - view.y) / view.k, slack);
}
