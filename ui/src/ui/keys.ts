/** Which keys a page has: told in the list that `?` opens. */
import { useEffect, useSyncExternalStore } from "react";

/** What every page with sparks of runs has. */
export const SPARK_KEYS: readonly KeyLine[] = [
  ["← →", "from run to run of a DAG"],
  ["↑ ↓", "to the runs of the next DAG"],
  ["Enter", "open the run"],
];

export type KeyLine = readonly [keys: string, does: string];

let told: readonly (readonly KeyLine[])[] = [];
const listeners = new Set<() => void>();

function change(next: typeof told) {
  told = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Tell the keys of a page as long as it is shown; `lines` is a constant. */
export function useKeys(lines: readonly KeyLine[]) {
  useEffect(() => {
    change([...told, lines]);
    return () => change(told.filter((one) => one !== lines));
  }, [lines]);
}

/** The keys of what is shown now. */
export function useKeysHere(): readonly KeyLine[] {
  return useSyncExternalStore(subscribe, () => told).flat();
}
