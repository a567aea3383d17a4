/** Where one can go, by name, icon and key; and what a place is called. Pure. */
import type { IconName } from "~/ui/icons";

export interface Place {
  readonly to: string;
  readonly title: string;
  readonly icon: IconName;
  readonly key: string;
}

export const PLACES: readonly Place[] = [
  { to: "/", title: "Overview", icon: "overview", key: "o" },
  { to: "/dags", title: "DAGs", icon: "dags", key: "d" },
  { to: "/runs", title: "Runs", icon: "runs", key: "r" },
  { to: "/backfills", title: "Backfills", icon: "backfills", key: "b" },
  { to: "/missing", title: "Missing", icon: "missing", key: "m" },
  { to: "/alerts", title: "Alerts", icon: "alerts", key: "a" },
  { to: "/resources", title: "Resources", icon: "resources", key: "e" },
  { to: "/audit", title: "Audit", icon: "audit", key: "u" },
  { to: "/settings", title: "Settings", icon: "settings", key: "s" },
];

const ONE: Record<string, string> = { attempts: "attempt ", backfills: "backfill " };

/** What a place is called: the DAG, the run, or the page. */
export function nameOf(path: string): string {
  const [, first = "", second] = path.split("/");
  if (second) return `${ONE[first] ?? ""}${decoded(second)}`;
  if (first === "sign-in") return "Sign in";
  return PLACES.find((place) => place.to === `/${first}`)?.title ?? "";
}

/** `orders · Segue`. */
export function titleOf(path: string): string {
  const name = nameOf(path);
  return name ? `${name} · Segue` : "Segue";
}

/** What stands in an address, as text; as it is where it is no good encoding. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The DAG and the run that a path names. */
export function subjectOf(path: string): { dag?: string; run?: string } {
  const [, first, second] = path.split("/");
  if (!second) return {};
  const name = decoded(second);
  if (first === "dags") return { dag: name };
  if (first !== "runs") return {};
  const at = name.lastIndexOf("@");
  return at > 0 ? { dag: name.slice(0, at), run: name } : { run: name };
}

/** What a key does outside of fields: `g` and a letter go somewhere, `?` shows the keys. */
export function stroke(before: string, key: string): { go?: string; help?: true; next: string } {
  if (before === "g") return { go: PLACES.find((place) => place.key === key)?.to, next: "" };
  if (key === "?") return { help: true, next: "" };
  return { next: key === "g" ? "g" : "" };
}
