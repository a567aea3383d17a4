import { expect, test } from "vitest";
import type { Attention } from "~/api/schema";
import {
  blast,
  commandOf,
  listOf,
  mendOf,
  outdated,
  type Row,
  rangeIn,
  rowsOf,
  sortsOf,
} from "~/pages/overview/attention";

function item(sort: string, dag: string, run: string | null = `${dag}@1`, more: Partial<Attention> = {}): Attention {
  return {
    sort,
    dag_id: dag,
    text: "it broke",
    run_id: run,
    task: "",
    affected: 0,
    affected_dags: 0,
    command: "",
    file: "",
    ...more,
  };
}

const NONE: ReadonlySet<string> = new Set();

const rowOf = (...items: Attention[]): Row => {
  const [row] = rowsOf(items);
  if (!row) throw new Error("no row");
  return row;
};

test("failures of one DAG share a row; the order of the server stays", () => {
  const rows = rowsOf([
    item("failed", "b", "b@2"),
    item("failed", "a"),
    item("failed", "b", "b@1"),
    item("missing", "b", null),
  ]);
  expect(rows.map((row) => row.key)).toEqual(["failed b", "failed a", "missing b"]);
  expect(rows[0]?.more.map((one) => one.run_id)).toEqual(["b@1"]);
});

test("what mends a row works on all its runs", () => {
  const row = rowOf(item("failed", "a", "a@2"), item("failed", "a", "a@1"));
  expect(mendOf(row, NONE)).toEqual({ say: "Retry 2…", act: { act: "retry", of: { runs: ["a@2", "a@1"] } } });
  expect(mendOf(rowOf(item("held", "a")), NONE)).toEqual({
    say: "Release…",
    act: { act: "release", of: { runs: ["a@1"] } },
  });
  expect(mendOf(rowOf(item("interrupted", "a")), NONE)?.act.act).toBe("retry");
});

test("what failed with older code than there is now is rerun with the new one, by button and by command", () => {
  const mark = (run_id: string, version: number) => ({ run_id, version }) as never;
  const old = outdated({ dags: [{ version: 2, marks: [mark("a@1", 1), mark("a@2", 2)] } as never] });
  expect([...old]).toEqual(["a@1"]);
  const failed = item("failed", "a", "a@1", { command: "segue retry a@1" });
  expect(mendOf(rowOf(failed), old)).toEqual({
    say: "Rerun failed with new code…",
    act: { act: "rerun", of: { runs: ["a@1"] }, failed: true },
  });
  expect(commandOf(failed, old)).toBe("segue rerun a@1 --failed");
  expect(commandOf(failed, NONE)).toBe("segue retry a@1");
});

test("what is missing is filled with the range and the states of its command", () => {
  const row = rowOf(
    item("missing", "a", null, { command: "segue backfill a 2026-11-01..2026-11-03 --only missing,failed" }),
  );
  expect(mendOf(row, NONE)?.act).toEqual({
    act: "backfill",
    dag: "a",
    range: "2026-11-01..2026-11-03",
    only: ["missing", "failed"],
  });
});

test("a file that cannot be read has no button: somebody has to mend the file", () => {
  expect(mendOf(rowOf(item("broken", "a", null)), NONE)).toBeNull();
  expect(mendOf(rowOf(item("late", "a")), NONE)).toBeNull();
});

test("another command has no range", () => {
  expect(rangeIn("segue retry a@1")).toEqual({});
  expect(rangeIn("")).toEqual({});
  expect(rangeIn("segue backfill a --yes")).toEqual({});
});

test("the blast radius is told in words, and nothing where nothing is", () => {
  expect(blast(item("failed", "a"))).toBe("");
  expect(blast(item("failed", "a", "a@1", { affected: 3, affected_dags: 1 }))).toBe(
    "stops 2 tasks and 1 DAG downstream",
  );
  expect(blast(item("failed", "a", "a@1", { affected: 1 }))).toBe("stops 1 task downstream");
  expect(blast(item("failed", "a", "a@1", { affected: 2, affected_dags: 2 }))).toBe("stops 2 DAGs downstream");
});

test("many of one sort do not hide the others", () => {
  const missing = Array.from({ length: 40 }, (_, n) => item("missing", `d${n}`, null));
  const [failed, rest] = sortsOf(rowsOf([item("failed", "a"), ...missing]));
  expect(failed).toMatchObject({ sort: "failed", folded: [] });
  expect([rest?.shown.length, rest?.folded.length]).toEqual([6, 34]);
  const [seven] = sortsOf(rowsOf(missing.slice(0, 7)));
  expect([seven?.shown.length, seven?.folded.length]).toEqual([7, 0]);
});

test("every sort has a list", () => {
  const lists = ["failed", "held", "late", "interrupted", "missing", "quarantined", "broken", "alert"].map(listOf);
  expect(lists.map((list) => list.to)).toEqual([
    "/runs",
    "/runs",
    "/runs",
    "/runs",
    "/missing",
    "/dags",
    "/dags",
    "/alerts",
  ]);
  expect(listOf("held").search).toEqual({ state: "held" });
});

test("files that cannot be read are rows of their own, and no button mends them", () => {
  const unread = (file: string) => item("broken", "", null, { file });
  const rows = rowsOf([unread("a.py"), unread("b.py")]);
  expect(rows.map((row) => row.first.file)).toEqual(["a.py", "b.py"]);
  expect(rows.map((row) => mendOf(row, NONE))).toEqual([null, null]);
});
