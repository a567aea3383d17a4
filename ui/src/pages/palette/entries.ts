/** What the palette offers for what is typed. Pure. */
import type { Act } from "~/act/act";
import type { Theme } from "~/ui/colors";
import { nameOf, PLACES, subjectOf } from "../places";

export type Doing = { go: string } | { act: Act } | { theme: Theme } | { sign: "out" } | { show: "keys" };

export interface Entry {
  readonly id: string;
  readonly title: string;
  readonly note?: string;
  readonly does: Doing;
}

export interface Group {
  readonly title: string;
  readonly entries: readonly Entry[];
}

export interface Known {
  /** What is typed. */
  readonly text: string;
  /** The DAGs that the server found for `sought(text)`. */
  readonly dags: readonly { dag_id: string; schedule: string; paused: boolean }[];
  /** The path of the page that is shown. */
  readonly here: string;
  /** Paths that were looked at last. */
  readonly recent: readonly string[];
  /** Whether whoever is here may do more than look. */
  readonly may: boolean;
}

type OfDag = "trigger" | "backfill" | "pause" | "unpause";
type OfRun = "rerun" | "retry" | "cancel";

const OF_DAG: Record<OfDag, string> = { trigger: "Trigger", backfill: "Backfill", pause: "Pause", unpause: "Unpause" };
const OF_RUN: Record<OfRun, string> = {
  rerun: "Rerun what failed of",
  retry: "Retry",
  cancel: "Cancel",
};

const LONGEST = 200; // letters that the server looks for
const RUN = /^(?:[^\s@]+@\S+|\d+)$/;

/** The verb that is typed first, and the rest. */
function verbOf(text: string): [string, string] {
  const [first = "", ...rest] = text.trim().split(/\s+/);
  const verb = first.toLowerCase();
  return Object.hasOwn(OF_DAG, verb) || Object.hasOwn(OF_RUN, verb) ? [verb, rest.join(" ")] : ["", text.trim()];
}

/** What to look for among DAGs: all but a verb, and of a run its DAG. */
export function sought(text: string): string {
  const [, rest] = verbOf(text);
  return (rest.split("@")[0] ?? "").slice(0, LONGEST);
}

function onDag(verb: OfDag, dag: string): Entry {
  const act: Act = verb === "backfill" ? { act: verb, dag } : { act: verb, of: { dags: [dag] } };
  return { id: `${verb} ${dag}`, title: `${OF_DAG[verb]} ${dag}`, does: { act } };
}

function onRun(verb: OfRun, run: string): Entry {
  const of = { runs: [run] };
  const act: Act = verb === "rerun" ? { act: verb, of, failed: true } : { act: verb, of };
  return { id: `${verb} ${run}`, title: `${OF_RUN[verb]} ${run}`, does: { act } };
}

function go(path: string, title: string, note = ""): Entry {
  return { id: path, title, note, does: { go: path } };
}

const runPath = (run: string) => `/runs/${encodeURIComponent(run)}`;
const dagPath = (dag: string) => `/dags/${encodeURIComponent(dag)}`;

const PAGES: readonly Entry[] = PLACES.map(({ to, title, key }) => go(to, title, `g ${key}`));

const REST: readonly Entry[] = [
  { id: "theme light", title: "Theme: light", does: { theme: "light" } },
  { id: "theme dark", title: "Theme: dark", does: { theme: "dark" } },
  { id: "theme system", title: "Theme: as the system", does: { theme: "system" } },
  { id: "keys", title: "Keys of this page", note: "?", does: { show: "keys" } },
  { id: "sign out", title: "Sign out", does: { sign: "out" } },
];

/** Whether every word of a text stands somewhere in another, whatever their case. */
export function fits(title: string, text: string): boolean {
  const low = title.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => low.includes(word));
}

/** Acts on what the page shows. */
function here({ here, may }: Known): readonly Entry[] {
  const { dag, run } = subjectOf(here);
  if (!may) return [];
  const ofRun = run ? (Object.keys(OF_RUN) as OfRun[]).map((verb) => onRun(verb, run)) : [];
  const ofDag = dag ? (Object.keys(OF_DAG) as OfDag[]).map((verb) => onDag(verb, dag)) : [];
  return [...ofRun, ...ofDag];
}

function runsOf(rest: string): readonly Entry[] {
  if (!rest) return [];
  const exact = RUN.test(rest) ? [go(runPath(rest), `Open run ${rest}`)] : [];
  const glob = rest.includes("@") || /\s/.test(rest) ? [] : [asked(rest)];
  return [...exact, ...glob];
}

function asked(rest: string): Entry {
  const glob = /[*?[]/.test(rest) ? rest : `*${rest}*`;
  return go(`/runs?dag=${encodeURIComponent(glob)}`, `Runs of DAGs like ${glob}`);
}

const MOST = 8;

/** The server looks into tags, owners and texts too: what has the word in its name comes first. */
function nearest(dags: Known["dags"], word: string): Known["dags"] {
  const low = word.toLowerCase();
  const far = (id: string) => (id.toLowerCase().startsWith(low) ? 0 : id.toLowerCase().includes(low) ? 1 : 2);
  return dags.toSorted((a, b) => far(a.dag_id) - far(b.dag_id)).slice(0, MOST);
}

/** Everything that is offered, the likeliest first. */
export function offered(all: Known): readonly Group[] {
  const known = { ...all, dags: nearest(all.dags, sought(all.text)) };
  const [verb, rest] = verbOf(known.text);
  if (verb) return acting(known, verb, rest);
  const filtered = (entries: readonly Entry[]) => entries.filter((one) => fits(one.title, rest));
  const recent = known.recent
    .filter((path) => path !== known.here)
    .map((path) => go(path, nameOf(path), path.startsWith("/dags") ? "DAG" : path.startsWith("/runs") ? "run" : ""));
  const seen = new Set(recent.map((one) => one.id));
  const dags = known.dags
    .map((dag) => go(dagPath(dag.dag_id), dag.dag_id, dag.paused ? "paused" : dag.schedule))
    .filter((one) => !seen.has(one.id) || rest);
  const latest = rest && known.dags[0] ? [latestOf(known.dags[0].dag_id)] : [];
  const [exact, ...others] = runsOf(rest);
  const first = exact && RUN.test(rest) ? [exact] : [];
  const groups: Group[] = [
    { title: "Run", entries: first },
    { title: "This page", entries: rest ? [] : here(known) },
    { title: "Recent", entries: rest ? [] : recent.slice(0, 6) },
    { title: "DAGs", entries: dags },
    { title: "On this page", entries: rest ? filtered(here(known)) : [] },
    { title: "Runs", entries: [...latest, ...(first.length ? others : exact ? [exact, ...others] : [])] },
    { title: "Pages", entries: filtered(PAGES) },
    { title: "Actions", entries: filtered(REST) },
  ];
  return groups.filter((group) => group.entries.length);
}

function latestOf(dag: string): Entry {
  return go(runPath(`${dag}@latest`), `Newest run of ${dag}`, `${dag}@latest`);
}

function acting(known: Known, verb: string, rest: string): readonly Group[] {
  if (!known.may) return [];
  const entries =
    verb in OF_DAG
      ? known.dags.map((dag) => onDag(verb as OfDag, dag.dag_id))
      : RUN.test(rest)
        ? [onRun(verb as OfRun, rest)]
        : known.dags.map((dag) => onRun(verb as OfRun, `${dag.dag_id}@latest`));
  return entries.length ? [{ title: "Actions", entries }] : [];
}
