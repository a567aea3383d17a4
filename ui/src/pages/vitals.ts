/** How an installation is, and since when it is so. Pure. */
import type { Part, Readiness } from "~/api/schema";

/** What the page says itself where a part is not well; the server's own sentence follows it. */
const SAID: Record<string, string> = {
  scheduler: "Nobody schedules: runs wait. `segue up` starts it again.",
  workers: "No worker is given work.",
  store: "The database cannot be read: what is shown may be old, and nothing new is kept.",
  dags: "The DAG folder is not there: DAGs go on as they were read last.",
  web: "The web server is not well.",
};

export const PART: Record<string, string> = {
  scheduler: "Scheduler",
  workers: "Workers",
  store: "Database",
  dags: "DAG folder",
  web: "Web server",
};

export interface Vital extends Part {
  /** Since when the page sees it so: it was another way before, or that is when it first looked. */
  readonly since: number;
}

export interface Vitals {
  readonly ready: boolean;
  readonly parts: readonly Vital[];
}

/** What was found, beside what had been found before. */
export function follow(before: Vitals | undefined, found: Readiness, now: number): Vitals {
  const known = new Map(before?.parts.map((part) => [part.name, part]));
  const parts = found.parts.map((part) => {
    const old = known.get(part.name);
    return { ...part, since: old?.ok === part.ok ? old.since : now };
  });
  return { ready: found.ready, parts };
}

/** What is to be told across the page: that workers have nothing to do follows from nobody scheduling. */
export function ills(vitals: Vitals): readonly Vital[] {
  const bad = vitals.parts.filter((part) => !part.ok);
  return bad.some((part) => part.name === "scheduler") ? bad.filter((part) => part.name !== "workers") : bad;
}

/** A sentence about a part that is not well. */
export function sentence(name: string): string {
  return SAID[name] ?? `${name} is not well.`;
}
