import { describe, expect, test } from "vitest";
import type { Act } from "~/act/act";
import { dagOf } from "~/act/act";
import { type Answers, begin, lacking, meant, questionsOf } from "~/act/answers";
import { commandOf, quoted } from "~/act/command";
import { pinned, planOf, requestOf } from "~/act/request";

const RUN = "orders@2026-11-01";
const saying = (act: Act, told: Partial<Answers> = {}) => ({ ...begin(act), ...told });
const asked = (act: Act, told: Partial<Answers> = {}, params = {}) => requestOf(act, saying(act, told), params);
const typed = (act: Act, told: Partial<Answers> = {}, params = {}, secrets: string[] = []) =>
  commandOf(act, saying(act, told), params, secrets);

describe("an act becomes a request", () => {
  test("a retry of tasks only", () => {
    const act: Act = { act: "retry", of: { runs: [RUN] }, tasks: ["clean", "load[3]"], only: true };
    expect(asked(act)).toEqual({
      path: "/api/v1/runs/retry",
      body: { runs: [RUN], tasks: ["clean", "load[3]"], only: true, force: false },
    });
    expect(typed(act)).toBe("segue retry orders@2026-11-01 clean 'load[3]' --only");
  });

  test("`only` means nothing without tasks", () => {
    const act: Act = { act: "retry", of: { runs: [RUN] } };
    expect(asked(act, { only: true }).body).toMatchObject({ only: false, tasks: [] });
    expect(typed(act, { only: true, force: true })).toBe("segue retry orders@2026-11-01 --force");
    expect(questionsOf(act, saying(act))).not.toContain("only");
    expect(questionsOf(act, saying(act, { tasks: "clean" }))).toContain("only");
  });

  test("a rerun of what failed, of tasks, of everything", () => {
    const act: Act = { act: "rerun", of: { runs: [RUN] }, failed: true };
    expect(asked(act).body).toEqual({ runs: [RUN], failed: true, tasks: [], replace: false });
    expect(typed(act)).toBe("segue rerun orders@2026-11-01 --failed");
    expect(asked(act, { mode: "tasks", tasks: "clean, load" }).body).toMatchObject({
      failed: false,
      tasks: ["clean", "load"],
    });
    expect(typed(act, { mode: "tasks", tasks: "clean load" })).toBe(
      "segue rerun orders@2026-11-01 --from clean --from load",
    );
    expect(typed(act, { mode: "all", replace: true, tasks: "clean" })).toBe("segue rerun orders@2026-11-01 --replace");
  });

  test("cancel, mark, release, reject", () => {
    expect(typed({ act: "cancel", of: { runs: [RUN] } }, { now: true })).toBe("segue cancel orders@2026-11-01 --now");
    const mark: Act = { act: "mark", of: { runs: [RUN] }, task: "load" };
    expect(asked(mark, { reason: " by hand " }).body).toEqual({
      runs: [RUN],
      task: "load",
      state: "success",
      reason: "by hand",
    });
    expect(typed(mark, { reason: "it's done" })).toBe(
      "segue mark orders@2026-11-01 load success --reason 'it'\\''s done'",
    );
    const release: Act = { act: "release", of: { runs: [RUN] }, task: "load", fromNowOn: true };
    expect(asked(release, { reason: "holiday" }).body).toEqual({
      runs: [RUN],
      task: "load",
      from_now_on: true,
      reason: "holiday",
    });
    expect(typed(release, { reason: "holiday" })).toBe(
      "segue release orders@2026-11-01 load --from-now-on --reason holiday",
    );
    expect(typed({ act: "reject", of: { runs: [RUN] } }, { reason: "half" })).toBe(
      "segue reject orders@2026-11-01 --reason half",
    );
  });

  test("a filter, by each of its words", () => {
    const of = {
      select: { dag: "orders_*", states: ["failed", "held"], since: "02:00", tag: "retail", error: "Conn*" },
    };
    expect(asked({ act: "cancel", of }).body).toEqual({ ...of, now: false });
    expect(typed({ act: "cancel", of })).toBe(
      "segue cancel --dag 'orders_*' --state failed --state held --since 02:00 --tag retail --error 'Conn*'",
    );
    expect(typed({ act: "mark", of, task: "load" }, { reason: "x", state: "skipped" })).toMatch(
      /^segue mark load skipped --dag/,
    );
  });

  test("several runs are several commands, and not a thousand", () => {
    expect(typed({ act: "cancel", of: { runs: ["a@1", "b@2"] } })).toBe("segue cancel a@1\nsegue cancel b@2");
    const many = typed({ act: "cancel", of: { runs: Array.from({ length: 50 }, (_, n) => `a@${n}`) } }).split("\n");
    expect(many.length).toBe(21);
    expect(many.at(-1)).toBe("# and 30 more");
  });

  test("a trigger with an interval, params and a secret", () => {
    const act: Act = { act: "trigger", of: { dags: ["orders"] }, date: "2026-11-01..2026-11-03" };
    const params = { country: "fr", columns: ["a b"], password: "hunter2" };
    expect(asked(act, { reason: "month end" }, params).body).toEqual({
      dags: ["orders"],
      date: "2026-11-01..2026-11-03",
      params,
      replace: false,
      reason: "month end",
    });
    const command = typed(act, { reason: "month end" }, params, ["password"]);
    expect(command).toBe(
      "segue trigger orders --date 2026-11-01..2026-11-03 --reason 'month end' --param country=fr " +
        "--param 'columns=[\"a b\"]' --param password=-",
    );
    expect(asked(act, { when: "newest" }).body).not.toHaveProperty("date");
    expect(asked(act, { when: "interval", date: "2026-11-01..2026-11-02" }).body).toMatchObject({
      interval: "2026-11-01..2026-11-02",
    });
    expect(typed({ act: "trigger", of: { select: "tag:x" } })).toBe(""); // the command line triggers by id
  });

  test("pause and unpause", () => {
    const act: Act = { act: "pause", of: { select: "tag:retail" } };
    expect(asked(act, { until: " 18:00 ", hard: true }).body).toEqual({
      select: "tag:retail",
      hard: true,
      until: "18:00",
      reason: "",
    });
    expect(asked(act).body).toMatchObject({ until: null });
    expect(typed(act, { until: "18:00", hard: true })).toBe("segue pause tag:retail --until 18:00 --hard");
    expect(typed({ act: "unpause", of: { dags: ["a", "b"] } }, { catchUp: "missed" })).toBe(
      "segue unpause a b --run missed",
    );
  });

  test("backfills", () => {
    const act: Act = { act: "backfill", dag: "orders", range: "2026-11" };
    expect(asked(act)).toEqual({
      path: "/api/v1/dags/{dag}/backfills",
      dag: "orders",
      body: { range: "2026-11", order: "oldest", cap: 4, only: ["missing"], params: {}, reason: "" },
    });
    expect(typed(act)).toBe("segue backfill orders 2026-11");
    expect(typed({ act: "backfill", dag: "" })).toBe("segue backfill DAG A..B");
    expect(typed(act, { order: "newest", cap: "8", slots: ["missing", "failed"] })).toBe(
      "segue backfill orders 2026-11 --order newest --cap 8 --only missing,failed",
    );
    const again: Act = { act: "backfills.again", of: { backfills: ["3"] } };
    expect(asked(again, { newest: true })).toEqual({
      path: "/api/v1/backfills/again",
      body: { backfills: ["3"], newest: true },
    });
    expect(typed(again, { newest: true })).toBe("segue backfills retry 3 --code newest");
    expect(asked({ act: "backfills.pause", of: { backfills: ["3"] } }).body).toEqual({ backfills: ["3"] });
    expect(typed({ act: "backfills.cancel", of: { backfills: ["3"] } })).toBe("segue backfills cancel 3");
  });

  test("a silence", () => {
    const act: Act = { act: "silence", select: "orders" };
    expect(typed(act, { until: "2h", reason: "repairs" })).toBe(
      "segue alerts silence orders --until 2h --reason repairs",
    );
    expect(asked(act, { until: "2h" }).body).toEqual({ select: "orders", until: "2h", reason: "" });
  });
});

test("a backfill of no DAG asks for one, and is then one of that DAG", () => {
  const act: Act = { act: "backfill", dag: "" };
  expect(questionsOf(act, saying(act))[0]).toBe("dag");
  expect(lacking(act, saying(act))).toBe("Name the DAG.");
  const answers = saying(act, { dag: "orders", range: "2026-11" });
  expect(meant(act, answers)).toEqual({ act: "backfill", dag: "orders" });
  expect(requestOf(meant(act, answers), answers).dag).toBe("orders");
  expect(questionsOf(act, answers)[0]).toBe("dag"); // it may still be another
  expect(questionsOf({ act: "backfill", dag: "orders" }, answers)).not.toContain("dag");
});

describe("the plan", () => {
  test("needs no reason, and is the same while one is written", () => {
    const act: Act = { act: "release", of: { runs: [RUN] } };
    expect(planOf(act, saying(act, { reason: "a" }))).toEqual(planOf(act, saying(act, { reason: "ab" })));
    expect(planOf(act, saying(act)).body).toHaveProperty("reason", "a plan");
  });

  test("of a filter pins what is done to the runs that it has named", () => {
    const act: Act = { act: "cancel", of: { select: { dag: "a" } } };
    const plan = {
      act: "cancel",
      runs: ["a@1"],
      total: 1,
      tasks: 0,
      since: null,
      causes: [],
      refused: [],
      reuse: [],
      newer: [],
    };
    expect(pinned(act, asked(act), plan).body).toEqual({ runs: ["a@1"], now: false });
    expect(pinned(act, asked(act), { ...plan, total: 2 }).body).toEqual({ select: { dag: "a" }, now: false });
    const named: Act = { act: "cancel", of: { runs: [RUN] } };
    expect(pinned(named, asked(named), plan).body).toEqual({ runs: [RUN], now: false });
  });

  test("waits for what is still to be said", () => {
    const mark: Act = { act: "mark", of: { runs: [RUN] }, task: "" };
    expect(lacking(mark, saying(mark))).toBe("Name the task.");
    expect(lacking(mark, saying(mark, { task: "load" }))).toBeNull();
    const backfill: Act = { act: "backfill", dag: "a", range: "2026" };
    expect(lacking(backfill, saying(backfill))).toBeNull();
    expect(lacking(backfill, saying(backfill, { range: "2026-10-01.." }))).toMatch(/range/);
    expect(lacking(backfill, saying(backfill, { slots: [] }))).toMatch(/tick/);
    expect(lacking(backfill, saying(backfill, { cap: "-1" }))).toMatch(/how many/);
    const trigger: Act = { act: "trigger", of: { dags: ["a"] } };
    expect(lacking(trigger, saying(trigger, { when: "date" }))).toMatch(/interval/);
    const rerun: Act = { act: "rerun", of: { runs: [RUN] } };
    expect(lacking(rerun, saying(rerun, { mode: "tasks", tasks: " , " }))).toMatch(/tasks/);
  });
});

test("an act is about one DAG or about several", () => {
  expect(dagOf({ act: "retry", of: { runs: ["a@1", "a@2"] } })).toBe("a");
  expect(dagOf({ act: "retry", of: { runs: ["a@1", "b@2"] } })).toBeNull();
  expect(dagOf({ act: "pause", of: { select: "a*" } })).toBeNull();
  expect(dagOf({ act: "backfill", dag: "a" })).toBe("a");
});

test("a word is quoted where a shell would read it", () => {
  expect(quoted("orders@2026-11-01T05:30")).toBe("orders@2026-11-01T05:30");
  expect(quoted("a b")).toBe("'a b'");
  expect(quoted("$(rm -rf)")).toBe("'$(rm -rf)'");
  expect(quoted("'")).toBe("''\\'''");
});
