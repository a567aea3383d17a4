import { expect, it } from "vitest";
import { cleaned, grantsText, personFieldOf, roleOf, same } from "~/pages/settings/grants";

it("grants are told in words, the widest last", () => {
  expect(grantsText([])).toBe("may do nothing");
  expect(grantsText([{ role: "admin", select: "*" }])).toBe("admin on everything");
  expect(
    grantsText([
      { role: "operator", select: "tag:retail" },
      { role: "viewer", select: "*" },
    ]),
  ).toBe("viewer on everything and operator on tag:retail");
  expect(
    grantsText([{ role: "viewer", select: "a" }, { role: "viewer", select: "b" }, { role: "author" }] as never),
  ).toBe("viewer on a, viewer on b and author on everything");
});

it("a form is cleaned: nothing named is everything, doubles count once", () => {
  expect(
    cleaned([
      { role: "viewer", select: "  " },
      { role: "viewer", select: "*" },
      { role: "operator", select: " tag:x " },
    ]),
  ).toEqual([
    { role: "viewer", select: "*" },
    { role: "operator", select: "tag:x" },
  ]);
});

it("grants are the same in any order", () => {
  const a = { role: "viewer", select: "*" };
  const b = { role: "operator", select: "tag:x" };
  expect(same([a, b], [b, a])).toBe(true);
  expect(same([a], [a, b])).toBe(false);
});

it("a role that is none is the least", () => {
  expect(roleOf("king")).toBe("viewer");
  expect(roleOf("author")).toBe("author");
});

it("a refusal of a user stands beside the field that it is about", () => {
  expect(personFieldOf("'Bad Name' is no name of a user: lower case letters")).toBe("name");
  expect(personFieldOf("there is a user oleg already")).toBe("name");
  expect(personFieldOf("a password has at least 12 characters")).toBe("password");
  expect(personFieldOf("there is no role 'king': there are viewer, operator")).toBe("grants");
});
