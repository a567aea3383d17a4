import { type ReactNode, useSyncExternalStore } from "react";

interface Said {
  readonly id: number;
  readonly text: ReactNode;
  readonly bad: boolean;
}

let said: readonly Said[] = [];
let last = 0;
const listeners = new Set<() => void>();

function change(next: readonly Said[]) {
  said = next;
  for (const listener of listeners) listener();
}

/** Say a sentence at the edge of the page, for eight seconds. */
export function say(text: ReactNode, bad = false) {
  const id = ++last;
  change([...said.slice(-3), { id, text, bad }]);
  setTimeout(() => change(said.filter((one) => one.id !== id)), 8_000);
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Toasts() {
  const all = useSyncExternalStore(subscribe, () => said);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {all.map((one) => (
        <div key={one.id} className={one.bad ? "bad" : ""}>
          {one.text}
        </div>
      ))}
    </div>
  );
}
