import { expect, test } from "vitest";
import { type Entry, fits, type Known, offered, sought } from "~/pages/palette/entries";

const ORDERS = { dag_id: "orders", schedule: "each day", paused: false };
const NOTHING: Known = { text: "", dags: [], here: "/", recent: [], may: true };

const all = (known: Partial<Known>): Entry[] =>
  offered({ ...NOTHING, ...known }).flatMap((group) => [...group.entries]);
const ways = (known: Partial<Known>) => all(known).flatMap((one) => ("go" in one.does ? [one.does.go] : []));

test("every entry has a name of its own", () => {
  const ids = all({ dags: [ORDERS], recent: ["/dags/orders", "/runs/a@1"], here: "/runs/b@1" }).map((one) => one.id);
  expect(new Set(ids).size).toBe(ids.length);
});

test("what was looked at last stands before pages", () => {
  expect(offered({ ...NOTHING, recent: ["/dags/orders"] })[0]).toMatchObject({ title: "Recent" });
});

test("what is typed as a run opens that run first", () => {
  expect(ways({ text: "orders@2026-11-03", dags: [ORDERS] })[0]).toBe("/runs/orders%402026-11-03");
  expect(ways({ text: "orders@latest", dags: [ORDERS] })[0]).toBe("/runs/orders%40latest");
  expect(ways({ text: "41" })[0]).toBe("/runs/41");
});

test("a part of a name leads to the DAG, its newest run and its runs", () => {
  const found = ways({ text: "ord", dags: [ORDERS] });
  expect(found[0]).toBe("/dags/orders");
  expect(found).toContain("/runs/orders%40latest");
  expect(found).toContain("/runs?dag=*ord*");
  expect(ways({ text: "ord*" })).toContain("/runs?dag=ord*");
});

test("a DAG with the word in its name stands before one with it elsewhere, and there are never too many", () => {
  const dags = ["aaa", "my_orders", "orders", ...Array.from({ length: 20 }, (_, n) => `b${n}`)];
  const found = ways({ text: "Ord", dags: dags.map((dag_id) => ({ ...ORDERS, dag_id })) });
  expect(found.slice(0, 3)).toEqual(["/dags/orders", "/dags/my_orders", "/dags/aaa"]);
  expect(found.filter((way) => way.startsWith("/dags/"))).toHaveLength(8);
});

test("a verb acts on the DAGs that fit the rest, a run verb on the newest run of each", () => {
  expect(all({ text: "trigger ord", dags: [ORDERS] }).map((one) => one.does)).toEqual([
    { act: { act: "trigger", of: { dags: ["orders"] } } },
  ]);
  expect(all({ text: "Rerun orders", dags: [ORDERS] }).map((one) => one.does)).toEqual([
    { act: { act: "rerun", of: { runs: ["orders@latest"] }, failed: true } },
  ]);
  expect(all({ text: "cancel orders@2026-11-03", dags: [ORDERS] })[0]?.does).toEqual({
    act: { act: "cancel", of: { runs: ["orders@2026-11-03"] } },
  });
  expect(all({ text: "backfill ord", dags: [ORDERS] })[0]?.does).toEqual({ act: { act: "backfill", dag: "orders" } });
});

test("the server is asked for DAGs without the verb and without the interval", () => {
  expect(sought("trigger ord")).toBe("ord");
  expect(sought("orders@2026-11-03")).toBe("orders");
  expect(sought("trigger")).toBe("");
  expect(sought("constructor")).toBe("constructor");
  expect(sought("x".repeat(900))).toHaveLength(200);
});

test("who may only look is offered no act", () => {
  const acts = all({ may: false, here: "/dags/orders", text: "" }).filter((one) => "act" in one.does);
  expect(acts).toEqual([]);
  expect(all({ may: false, text: "trigger ord", dags: [ORDERS] })).toEqual([]);
});

test("the page that is shown offers its own acts first", () => {
  const [first] = all({ here: "/runs/orders@2026-11-03" });
  expect(first?.does).toEqual({ act: { act: "rerun", of: { runs: ["orders@2026-11-03"] }, failed: true } });
});

test("words fit in any order, whatever their case", () => {
  expect(fits("Theme: dark", "DARK the")).toBe(true);
  expect(fits("Theme: dark", "light")).toBe(false);
});
