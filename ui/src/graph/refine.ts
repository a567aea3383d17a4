/** Layouts refined by elk, in a worker of its own, once for each graph. */
import { workerUrl } from "~/ui/trusted";
import { fromElk, toElk } from "./elk";
import type { Folded } from "./fold";
import { keep, kept } from "./kept";
import type { Layout } from "./layered";

/** Above this elk takes longer than anybody waits. */
export const MOST = 800;
const PATIENCE = 20_000;

const coming = new Map<string, Promise<Layout | undefined>>();

/** A better layout, if there is one: kept under a key that is the same for the same graph. */
export async function refine(folded: Folded, key: string): Promise<Layout | undefined> {
  if (folded.boxes > MOST || folded.from.length > 4 * MOST || folded.boxes < 2) return undefined;
  const known = kept(key, folded) ?? coming.get(key);
  if (known) return known;
  const made = byElk(folded, key)
    .catch(() => undefined) // our own layout stands
    .finally(() => coming.delete(key));
  coming.set(key, made);
  return made;
}

async function byElk(folded: Folded, key: string): Promise<Layout> {
  const [{ default: Elk }, { default: address }] = await Promise.all([
    import("elkjs/lib/elk-api"),
    import("elkjs/lib/elk-worker.min.js?url"),
  ]);
  let fail: (problem: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const elk = new Elk({
    workerFactory: () => {
      const worker = new Worker(workerUrl(address));
      worker.onerror = (event) => fail(new Error(event.message || "elk does not start"));
      return worker;
    },
  });
  const timer = setTimeout(() => fail(new Error("elk takes too long")), PATIENCE);
  try {
    const layout = fromElk(folded, await Promise.race([elk.layout(toElk(folded)), failed]));
    keep(key, layout);
    return layout;
  } finally {
    clearTimeout(timer);
    elk.terminateWorker();
  }
}
