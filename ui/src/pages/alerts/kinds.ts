/** The kinds of alerts, and what their deliveries say. Pure. */
import type { AlertItem } from "~/api/schema";

/** Kind, its word, the state whose mark it bears. */
export const KINDS = [
  ["failed", "failed", "failed"],
  ["held", "held back", "held"],
  ["missed", "missed", "missing"],
  ["deadline", "deadline", "late"],
  ["longer", "longer than usual", "late"],
  ["past", "nothing for long", "stale"],
] as const;

export type Kind = (typeof KINDS)[number][0];

export function kindOf(kind: string): { word: string; mark: string } {
  const known = KINDS.find(([name]) => name === kind);
  return known ? { word: known[1], mark: known[2] } : { word: kind, mark: "alert" };
}

/** Kinds that an address names: `?kind=failed,held`. */
export function kindsIn(text: string | undefined): Kind[] {
  const named = new Set((text ?? "").split(","));
  return KINDS.map(([kind]) => kind).filter((kind) => named.has(kind));
}

/** Whether nobody has been told of an alert that is still true. */
export function isUnheard(alert: Pick<AlertItem, "deliveries" | "over">): boolean {
  return !alert.over && !alert.deliveries.some((one) => one.state === "sent" || one.state === "silenced");
}

/** Lines, each once, with how often it is there. */
export function counted(lines: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return [...counts];
}

/** A cause that says no more than the alert itself does not need to be said twice. */
export function moreCauses(alert: { text: string; causes: readonly (readonly string[])[] }): [string, number][] {
  return counted(
    alert.causes.filter(([, why]) => why && !alert.text.includes(why)).map(([task, why]) => `${task}: ${why}`),
  );
}
