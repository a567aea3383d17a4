/** What needs somebody, as rows: what is alike stands together, and what mends it is at hand. Pure. */
import type { Act } from "~/act/act";
import { quoted } from "~/act/command";
import type { Attention, Overview } from "~/api/schema";
import { many } from "~/ui/words";

export interface Row {
  readonly key: string;
  readonly first: Attention;
  /** Others of the same DAG and sort, in the order of the server. */
  readonly more: readonly Attention[];
}

/** One row for each DAG and sort of trouble, in the order of the server: the worst first. */
export function rowsOf(items: readonly Attention[]): readonly Row[] {
  const rows = new Map<string, Row>();
  for (const item of items) {
    const key = `${item.sort} ${item.dag_id}${item.file}`;
    const row = rows.get(key);
    rows.set(key, row ? { ...row, more: [...row.more, item] } : { key, first: item, more: [] });
  }
  return [...rows.values()];
}

export interface Sort {
  readonly sort: string;
  readonly shown: readonly Row[];
  readonly folded: readonly Row[];
}

const MOST = 6;

/** Rows by sort, the worst first; of each sort a few are shown at once, or the many would hide the other sorts. */
export function sortsOf(rows: readonly Row[]): readonly Sort[] {
  const sorts = [...new Set(rows.map((row) => row.first.sort))];
  return sorts.map((sort) => {
    const some = rows.filter((row) => row.first.sort === sort);
    const most = some.length === MOST + 1 ? MOST + 1 : MOST; // no fold for one
    return { sort, shown: some.slice(0, most), folded: some.slice(most) };
  });
}

/** Where all of a sort are listed. */
export function listOf(sort: string): { to: "/missing" | "/alerts" | "/dags" | "/runs"; search: { state?: string } } {
  if (sort === "missing") return { to: "/missing", search: {} };
  if (sort === "alert") return { to: "/alerts", search: {} };
  if (sort === "quarantined" || sort === "broken") return { to: "/dags", search: {} };
  return { to: "/runs", search: { state: sort === "late" ? "running" : sort } };
}

export interface Mend {
  readonly say: string;
  readonly act: Act;
}

const runsOf = (row: Row) => [row.first, ...row.more].flatMap((item) => (item.run_id ? [item.run_id] : []));

/** The runs among the newest of their DAGs that ran older code than their DAG has now. */
export function outdated(of: Pick<Overview, "dags">): ReadonlySet<string> {
  return new Set(
    of.dags.flatMap((dag) => dag.marks.filter((mark) => mark.version < dag.version).map((mark) => mark.run_id)),
  );
}

/** What mends a row, as an act: with the new code where there is some; null where a person has to change something first. */
export function mendOf(row: Row, old: ReadonlySet<string>): Mend | null {
  const { sort, dag_id: dag, command } = row.first;
  const runs = runsOf(row);
  const some = runs.length > 1 ? ` ${runs.length}` : "";
  if (sort === "missing") return { say: "Fill…", act: { act: "backfill", dag, ...rangeIn(command) } };
  if (!runs.length) return null;
  if (sort === "failed" && runs.some((run) => old.has(run)))
    return { say: `Rerun failed${some} with new code…`, act: { act: "rerun", of: { runs }, failed: true } };
  if (sort === "held") return { say: `Release${some}…`, act: { act: "release", of: { runs } } };
  if (sort === "failed" || sort === "interrupted") return { say: `Retry${some}…`, act: { act: "retry", of: { runs } } };
  return null;
}

/** The command that does to one item what the button does. */
export function commandOf(item: Attention, old: ReadonlySet<string>): string {
  if (item.sort !== "failed" || !item.run_id || !old.has(item.run_id)) return item.command;
  return `segue rerun ${quoted(item.run_id)} --failed`;
}

/** The range and the states of a `segue backfill DAG RANGE --only STATE` command. */
export function rangeIn(command: string): { range?: string; only?: string[] } {
  const [, verb, , range, ...rest] = command.split(/\s+/);
  if (verb !== "backfill" || !range || range.startsWith("-")) return {};
  const only = rest.flatMap((word, at) => (rest[at - 1] === "--only" ? word.split(",") : []));
  return { range, ...(only.length && { only }) };
}

/** `stops 12 tasks and 2 DAGs downstream`; nothing where nothing is. */
export function blast(item: Attention): string {
  const dags = item.affected_dags;
  if (!item.affected) return "";
  const tasks = item.affected - dags;
  const parts = [tasks && many(tasks, "task"), dags && many(dags, "DAG")].filter(Boolean);
  return `stops ${parts.join(" and ")} downstream`;
}
