import { expect, it } from "vitest";
import { once, settled } from "~/ui/change";

const pending = (object: string) => ({ object, request_id: `id of ${object}`, url: "" });

/** Answers by request, one after another; what passes between two questions is counted. */
function server(answers: Record<string, ({ ok: boolean; text: string } | undefined)[]>) {
  const seen = { rests: 0 };
  const ask = async (id: string) => answers[id]?.shift();
  const rest = async () => {
    seen.rests += 1;
  };
  return { seen, asking: { ask, rest, times: 5 } };
}

it("an outcome without anything pending is not asked after", async () => {
  const { seen, asking } = server({});
  const outcome = { done: [{ object: "a", text: "done", request_id: "1" }], refused: [], pending: [] };
  expect(await settled(outcome, asking)).toEqual(outcome);
  expect(seen.rests).toBe(0);
});

it("what is pending is asked after until it is done or refused", async () => {
  const { seen, asking } = server({
    "id of a": [undefined, { ok: true, text: "a is paused" }],
    "id of b": [{ ok: false, text: "b has ended" }],
  });
  const found = await settled({ done: [], refused: [], pending: [pending("a"), pending("b")] }, asking);
  expect(found.done).toMatchObject([{ object: "a", text: "a is paused" }]);
  expect(found.refused).toMatchObject([{ object: "b", why: "b has ended" }]);
  expect(found.pending).toEqual([]);
  expect(seen.rests).toBe(2);
});

it("what never gets an answer stays pending", async () => {
  const { seen, asking } = server({});
  const found = await settled({ done: [], refused: [], pending: [pending("a")] }, asking);
  expect(found.pending).toEqual([pending("a")]);
  expect(seen.rests).toBe(5);
});

it("a key of a request is made of 16 random bytes", () => {
  const [a, b] = [once()["Idempotency-Key"], once()["Idempotency-Key"]];
  expect(a).toMatch(/^[0-9a-f]{32}$/);
  expect(a).not.toBe(b);
});
