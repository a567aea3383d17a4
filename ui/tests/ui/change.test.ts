import { expect, it } from "vitest";
import { once, sending } from "~/ui/change";

it("a request sent again carries the same key, another one another", () => {
  const first = sending(null, "cancel a");
  expect(sending(first, "cancel a")).toBe(first);
  expect(sending(first, "cancel b").key).not.toEqual(first.key);
});

it("a key of a request is made of 16 random bytes", () => {
  const [a, b] = [once()["Idempotency-Key"], once()["Idempotency-Key"]];
  expect(a).toMatch(/^[0-9a-f]{32}$/);
  expect(a).not.toBe(b);
});
