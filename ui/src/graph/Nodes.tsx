/** The boxes in view as elements: for the keyboard, for who cannot see, for tests. The canvas shows what they are. */
import { type KeyboardEvent, memo, useEffect, useRef, useSyncExternalStore } from "react";
import { BOX } from "./layered";
import { at } from "./order";
import type { Stage } from "./stage";
import { isArrow, step } from "./walk";

export function Nodes({ stage, choose }: { stage: Stage; choose: (box: number) => void }) {
  useSyncExternalStore(stage.subscribe, () => stage.turn);
  const { scene } = stage;
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const found = stage.wanted < 0 ? null : host.current?.querySelector<HTMLElement>(`[data-box="${stage.wanted}"]`);
    if (!found) return;
    stage.wanted = -1;
    found.focus({ preventScroll: true });
  });
  const onKey = (event: KeyboardEvent) => {
    const box = Number((event.target as HTMLElement).dataset.box ?? -1);
    if (!scene || box < 0 || !isArrow(event.key) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = step(scene.folded, scene.layout, box, event.key);
    if (next !== undefined) stage.go(next);
  };
  if (!scene) return null;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the buttons inside
    <div ref={host} onKeyDown={onKey}>
      {stage.elements.map((box) => (
        <Box
          key={scene.folded.ids[box]}
          box={box}
          x={at(scene.layout.x, box)}
          y={at(scene.layout.y, box)}
          told={scene.told(box)}
          group={!scene.node(box)}
          picked={box === stage.picked}
          tab={box === stage.active}
          stage={stage}
          choose={choose}
        />
      ))}
    </div>
  );
}

interface BoxProps {
  box: number;
  x: number;
  y: number;
  told: string;
  group: boolean;
  picked: boolean;
  tab: boolean;
  stage: Stage;
  choose: (box: number) => void;
}

/** One box: drawn by React again only when its own words or place have changed. */
const Box = memo(function Box({ box, x, y, told, group, picked, tab, stage, choose }: BoxProps) {
  return (
    <button
      type="button"
      className="graph-node"
      data-box={box}
      style={{ left: x, top: y, width: BOX.width, height: BOX.height }}
      aria-label={told}
      aria-pressed={group ? undefined : picked}
      aria-expanded={group ? false : undefined}
      tabIndex={tab ? 0 : -1}
      onFocus={() => {
        if (stage.active !== box) stage.go(box);
      }}
      onClick={() => choose(box)}
    />
  );
});

/** The heads of open groups: each closes its group. */
export function Heads({ stage, close }: { stage: Stage; close: (group: string) => void }) {
  useSyncExternalStore(stage.subscribe, () => stage.turn);
  const { scene } = stage;
  if (!scene) return null;
  return scene.folded.open.slice(0, 100).map((id, g) => {
    const [left = 0, top = 0, width = 0] = scene.layout.groups.subarray(4 * g, 4 * g + 3);
    return (
      <button
        key={id}
        type="button"
        className="graph-head"
        style={{ left: left + 4, top: top + 3, width: width - 8 }}
        aria-expanded
        aria-label={`group ${id}, close it`}
        onClick={() => close(id)}
      />
    );
  });
}
