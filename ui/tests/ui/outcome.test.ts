import { expect, it } from "vitest";
import type { Outcome } from "~/api/schema";
import { answered, following } from "~/ui/outcome";

const pending = (object: string) => ({ object, request_id: `id of ${object}`, url: "" });
const asked = (...names: string[]): Outcome => ({ done: [], refused: [], pending: names.map(pending) });
const state = (id: string, ok: boolean | null, text = "so it is") => ({ id, actor: "dana", act: "PauseDag", ok, text });

/** Answers by object, one after another: yes, no, not yet (null), or no answer at all. */
function server(answers: Record<string, (boolean | null | Error)[]>) {
  const seen = { rests: 0, asked: 0 };
  const ask = async (id: string) => {
    seen.asked += 1;
    const next = answers[id.replace("id of ", "")]?.shift();
    if (next instanceof Error) throw next;
    return next === undefined ? undefined : state(id, next);
  };
  const rest = async () => {
    seen.rests += 1;
  };
  return { seen, asking: { ask, rest, times: 5 } };
}

async function all(outcome: Outcome, asking: Parameters<typeof following>[1]) {
  const found: Outcome[] = [];
  for await (const one of following(outcome, asking)) found.push(one);
  return found;
}

it("an outcome without anything pending is not asked after", async () => {
  const { seen, asking } = server({});
  const outcome = { done: [{ object: "a", text: "done", request_id: "1" }], refused: [], pending: [] };
  expect(await all(outcome, asking)).toEqual([outcome]);
  expect(seen.rests).toBe(0);
});

it("what is pending is asked after until it is done or refused, and told as soon as it is", async () => {
  const { seen, asking } = server({ a: [null, true], b: [false] });
  const found = await all(asked("a", "b"), asking);
  expect(found.map((one) => one.pending.map(({ object }) => object))).toEqual([["a", "b"], ["a"], []]);
  expect(found.at(-1)?.done).toMatchObject([{ object: "a", text: "so it is" }]);
  expect(found.at(-1)?.refused).toMatchObject([{ object: "b", why: "so it is" }]);
  expect(seen.rests).toBe(2);
});

it("what never gets an answer stays pending", async () => {
  const { seen, asking } = server({});
  expect((await all(asked("a"), asking)).at(-1)?.pending).toEqual([pending("a")]);
  expect(seen.rests).toBe(5);
});

it("a question that fails is asked again: the act was taken", async () => {
  const { asking } = server({ a: [new TypeError("no network"), true] });
  expect((await all(asked("a"), asking)).at(-1)?.done).toHaveLength(1);
});

it("of many pending objects fifty are asked after at a time, and all in the end", async () => {
  const names = Array.from({ length: 120 }, (_, n) => `dag_${n}`);
  const { seen, asking } = server(Object.fromEntries(names.map((name) => [name, [true]])));
  expect((await all(asked(...names), asking)).at(-1)?.done).toHaveLength(120);
  expect(seen).toEqual({ rests: 3, asked: 120 });
});

it("an answer takes its object out of what is pending, and no other", () => {
  const outcome = { ...asked("2", "3", "4"), done: [{ object: "1", text: "it goes on", request_id: "1" }] };
  const found = answered(outcome, [state("id of 2", true), state("id of 3", false), state("id of 4", null), undefined]);
  expect(found.done.map((one) => one.object)).toEqual(["1", "2"]);
  expect(found.refused).toEqual([{ object: "3", why: "so it is", request_id: "id of 3" }]);
  expect(found.pending).toEqual([pending("4")]);
  expect(answered(outcome, [undefined])).toEqual(outcome);
});
