import type { Act } from "./act";

type Listener = (act: Act | null) => void;

let open: Act | null = null;
const listeners = new Set<Listener>();

/** Open the dialog of an act. */
export function ask(act: Act | null) {
  open = act;
  for (const listener of listeners) listener(act);
}

export function subscribe(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function asked(): Act | null {
  return open;
}
