/** What needs somebody, as rows: what is alike stands together, and what mends it is at hand. Pure. */
import type { Act } from "~/act/act";
import type { Attention } from "~/api/schema";
import { count, many } from "~/ui/words";

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
    const key = `${item.sort} ${item.dag_id}`;
    const row = rows.get(key);
    rows.set(key, row ? { ...row, more: [...row.more, item] } : { key, first: item, more: [] });
  }
  return [...rows.values()];
}

export interface Mend {
  readonly say: string;
  readonly act: Act;
}

const runsOf = (row: Row) => [row.first, ...row.more].flatMap((item) => (item.run_id ? [item.run_id] : []));

/** What mends a row, as an act; null where a person has to change something else first. */
export function mendOf(row: Row): Mend | null {
  const { sort, dag_id: dag, command } = row.first;
  const runs = runsOf(row);
  const some = runs.length > 1 ? ` ${runs.length}` : "";
  if (sort === "missing") return { say: "Fill…", act: { act: "backfill", dag, ...rangeIn(command) } };
  if (!runs.length) return null;
  if (sort === "failed") return { say: `Rerun failed${some}…`, act: { act: "rerun", of: { runs }, failed: true } };
  if (sort === "held") return { say: `Release${some}…`, act: { act: "release", of: { runs } } };
  if (sort === "interrupted") return { say: `Retry${some}…`, act: { act: "retry", of: { runs } } };
  return null;
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
  const dags = (item as { affected_dags?: number }).affected_dags;
  if (!item.affected) return "";
  if (dags === undefined) return `stops ${count(item.affected)} more downstream`;
  const tasks = item.affected - dags;
  const parts = [tasks && many(tasks, "task"), dags && many(dags, "DAG")].filter(Boolean);
  return `stops ${parts.join(" and ")} downstream`;
}
