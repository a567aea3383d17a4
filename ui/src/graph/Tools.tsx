/** What stands around a graph: to find a task, to come nearer, what the marks mean. */
import { type KeyboardEvent, useId, useState, useSyncExternalStore } from "react";
import { useNow } from "~/live/hooks";
import { lookOf, ranked } from "~/ui/marks";
import { Button } from "~/ui/parts";
import { Mark } from "~/ui/State";
import { count, length } from "~/ui/words";
import { zoomBy } from "./gestures";
import type { Stage } from "./stage";
import { find } from "./walk";

/** A field that finds a task by its name and goes there. */
export function Find({ ids, go }: { ids: readonly string[]; go: (id: string) => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const list = useId();
  const found = find(ids, text);
  const jump = (id: string | undefined) => {
    if (id === undefined) return;
    setText("");
    go(id);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt((at + 1) % Math.max(1, found.length));
    else if (event.key === "ArrowUp") setAt((at + found.length - 1) % Math.max(1, found.length));
    else if (event.key === "Enter") jump(found[at]);
    else if (event.key === "Escape") setText("");
    else return;
    event.preventDefault();
  };
  return (
    <div className="graph-find">
      <input
        type="search"
        role="combobox"
        aria-label="find task"
        placeholder="find task"
        aria-expanded={found.length > 0}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={found.length ? `${list}-${at}` : undefined}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKey}
        onBlur={() => setText("")}
      />
      <div id={list} role="listbox" aria-label="tasks found" hidden={!text.trim()}>
        {found.map((id, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the field's
          // biome-ignore lint/a11y/useFocusableInteractive: the field names the active one
          <div
            key={id}
            id={`${list}-${i}`}
            role="option"
            aria-selected={i === at}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => jump(id)}
          >
            <bdi>{id}</bdi>
          </div>
        ))}
        {!found.length && <p className="graph-none">no task is named so</p>}
      </div>
    </div>
  );
}

/** To what went wrong first. */
export function ToCulprit({ stage, go }: { stage: Stage; go: (id: string) => void }) {
  useSyncExternalStore(stage.subscribe, () => stage.turn);
  const culprit = stage.scene?.culprit();
  if (culprit === undefined) return null;
  const held = stage.scene?.overlay.get(culprit).state === "held";
  return <Button onClick={() => go(culprit)}>{held ? "what is held" : "first failure"}</Button>;
}

/** Nearer, farther, everything. */
export function Zooms({ stage }: { stage: Stage }) {
  return (
    <div className="graph-zooms">
      <Button aria-label="zoom out" aria-keyshortcuts="-" onClick={() => zoomBy(stage, 0.8)}>
        −
      </Button>
      <Button aria-label="zoom in" aria-keyshortcuts="+" onClick={() => zoomBy(stage, 1.25)}>
        +
      </Button>
      <Button aria-keyshortcuts="0" onClick={() => stage.fit()}>
        show all
      </Button>
    </div>
  );
}

/** Which marks there are, with how many tasks stand so; the sorts of edges. */
export function Legend({ stage }: { stage: Stage }) {
  useSyncExternalStore(stage.subscribe, () => stage.turn);
  const { scene } = stage;
  if (!scene) return null;
  const order = scene.whole.edges.some((edge) => edge.sort !== "data");
  const blast = scene.whole.nodes.reduce((sum, node) => sum + (scene.overlay.get(node.id).blast ? 1 : 0), 0);
  return (
    <ul className="graph-legend" aria-label="legend">
      {ranked(scene.counts()).map(([state, n]) => (
        <li key={state}>
          <Mark state={state} size={12} bare /> {lookOf(state).label} <span className="number">{count(n)}</span>
        </li>
      ))}
      {blast > 0 && (
        <li>
          <i className="graph-blast" /> {scene.below()} <span className="number">{count(blast)}</span>
        </li>
      )}
      <li>
        <i className="graph-line" /> data
      </li>
      {order && (
        <li>
          <i className="graph-line order" /> order only
        </li>
      )}
    </ul>
  );
}

/** All that is known of one box, as text. */
export function Tip({ stage, box }: { stage: Stage; box: number }) {
  useSyncExternalStore(stage.subscribe, () => stage.turn);
  const { scene } = stage;
  useNow(scene?.status(box).started === undefined ? 0 : 1_000);
  const id = scene?.folded.ids[box];
  if (!scene || id === undefined) return null;
  const status = scene.status(box);
  const seconds = scene.lasting(box);
  const node = scene.node(box);
  return (
    <div className={`graph-tip${stage.isLeft(box) ? " right" : ""}`}>
      <strong>
        <bdi>{id}</bdi>
      </strong>
      <p>
        {status.state && (
          <>
            <Mark state={status.state} size={12} bare /> {lookOf(status.state).label}{" "}
          </>
        )}
        {seconds != null && <span className="number">{length(seconds)} </span>}
        {node?.role && <span className="tag">{node.role}</span>} {scene.note(box)}
      </p>
      {status.counts && (
        <p>
          {ranked({ ...status.counts })
            .map(([state, n]) => `${count(n)} ${lookOf(state).label}`)
            .join(" · ")}
        </p>
      )}
      {status.why && <p className="why">{status.why}</p>}
      {status.blast && !status.why && <p className="why">it lies {scene.below()}</p>}
    </div>
  );
}
