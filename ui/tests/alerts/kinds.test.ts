import { expect, it } from "vitest";
import { counted, isUnheard, kindOf, kindsIn, moreCauses } from "~/pages/alerts/kinds";

it("kinds of an address are those that are there, in one order", () => {
  expect(kindsIn("held,failed,nonsense")).toEqual(["failed", "held"]);
  expect(kindsIn(undefined)).toEqual([]);
  expect(kindOf("new_kind")).toEqual({ word: "new_kind", mark: "alert" });
});

it("nobody has heard of an alert that was only parked, unless it is over", () => {
  const parked = { target: "nobody", state: "parked", tries: 1, text: "", at: "" };
  expect(isUnheard({ over: false, deliveries: [parked] })).toBe(true);
  expect(isUnheard({ over: true, deliveries: [parked] })).toBe(false);
  expect(isUnheard({ over: false, deliveries: [parked, { ...parked, state: "sent" }] })).toBe(false);
});

it("a cause that the alert tells already is not told twice, and each other one once", () => {
  const alert = {
    text: "a failed: boom; 2 tasks below it",
    causes: [
      ["a", "boom"],
      ["b", "bang"],
      ["b", "bang"],
    ],
  };
  expect(moreCauses(alert)).toEqual([["b: bang", 2]]);
});

it("lines are counted in the order in which they come", () => {
  expect(counted(["x", "y", "x"])).toEqual([
    ["x", 2],
    ["y", 1],
  ]);
});
