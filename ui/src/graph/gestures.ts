/** Pointer, wheel and keys to moves of the view. */
import { pan, type View, zoom } from "./view";

/** What gestures move. */
export interface Moved {
  readonly view: View;
  readonly size: { readonly width: number; readonly height: number };
  look(view: View): void;
  fit(): void;
}

const STILL = 4; // pixels that a finger may tremble

/** Hear the gestures on an element, until what it gives is called. `hover` hears where the pointer rests. */
export function gestures(host: HTMLElement, of: Moved, tap: (x: number, y: number) => void): () => void {
  const fingers = new Map<number, { x: number; y: number }>();
  let start = { x: 0, y: 0 };
  let dragged = false;
  const heard = new AbortController();
  const hear = <K extends keyof HTMLElementEventMap>(
    kind: K,
    on: (event: HTMLElementEventMap[K]) => void,
    capture = false,
  ) => host.addEventListener(kind, on, { signal: heard.signal, passive: false, capture });
  const inside = (event: { clientX: number; clientY: number }) => {
    const box = host.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  hear("pointerdown", (event) => {
    if (event.button > 1) return;
    if (!fingers.size) {
      start = inside(event);
      dragged = false;
    }
    fingers.set(event.pointerId, inside(event));
  });
  hear("pointermove", (event) => {
    const last = fingers.get(event.pointerId);
    if (!last) return;
    const here = inside(event);
    if (!dragged && Math.hypot(here.x - start.x, here.y - start.y) < STILL && fingers.size === 1) return;
    if (!dragged) host.setPointerCapture(event.pointerId);
    dragged = true;
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    fingers.set(event.pointerId, here);
    let view = pan(of.view, (here.x - last.x) / fingers.size, (here.y - last.y) / fingers.size);
    if (other) {
      const spread = (point: { x: number; y: number }) => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
      view = zoom(view, spread(here) / spread(last), (here.x + other.x) / 2, (here.y + other.y) / 2);
    }
    of.look(view);
  });
  const lift = (event: PointerEvent) => fingers.delete(event.pointerId);
  hear("pointerup", lift);
  hear("pointercancel", lift);
  hear("lostpointercapture", lift);
  hear(
    "click",
    (event) => {
      if (!dragged) return;
      event.stopPropagation(); // the end of a drag picks nothing
      event.preventDefault();
    },
    true,
  );
  hear("click", (event) => {
    const { x, y } = inside(event);
    if (!dragged && event.target instanceof HTMLCanvasElement) tap(x, y);
  });
  hear("wheel", (event) => {
    event.preventDefault();
    const { x, y } = inside(event);
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    if (event.ctrlKey || event.metaKey) {
      const by = Math.max(-25, Math.min(25, event.deltaY * lines));
      of.look(zoom(of.view, Math.exp(-by / 100), x, y));
    } else if (event.shiftKey && !event.deltaX) of.look(pan(of.view, -event.deltaY * lines, 0));
    else of.look(pan(of.view, -event.deltaX * lines, -event.deltaY * lines));
  });
  return () => heard.abort();
}

/** Zoom about the middle. */
export function zoomBy(of: Moved, factor: number) {
  of.look(zoom(of.view, factor, of.size.width / 2, of.size.height / 2));
}

/** `+`, `-` and `0`; whether the key was one of them. */
export function zoomKey(of: Moved, key: string): boolean {
  if (key === "+" || key === "=") zoomBy(of, 1.25);
  else if (key === "-" || key === "_") zoomBy(of, 0.8);
  else if (key === "0") of.fit();
  else return false;
  return true;
}
