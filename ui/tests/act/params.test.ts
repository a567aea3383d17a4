import { expect, test } from "vitest";
import { fieldOf, filled, refusedParam, valueIn } from "~/act/params";
import type { Param } from "~/api/schema";

const param = (told: Partial<Param>): Param => ({
  name: "p",
  type: "str",
  description: "",
  required: false,
  default: null,
  choices: [],
  schema: { type: "string" },
  secret: false,
  ...told,
});

test("every kind of schema has its field", () => {
  const kinds = (told: Partial<Param>) => fieldOf(param(told)).kind;
  expect(kinds({})).toBe("text");
  expect(kinds({ schema: { type: "integer" } })).toBe("number");
  expect(kinds({ schema: { type: "number" } })).toBe("number");
  expect(kinds({ schema: { type: "boolean" }, default: false })).toBe("tick");
  expect(kinds({ schema: { type: "boolean" }, required: true })).toBe("choice");
  expect(kinds({ schema: { type: "string", format: "date" } })).toBe("date");
  expect(kinds({ schema: { enum: ["a", 1] }, choices: ["a", 1] })).toBe("choice");
  expect(kinds({ schema: { type: "array", items: { type: "string" } } })).toBe("lines");
  expect(kinds({ schema: { type: "array", items: { type: "object" } } })).toBe("json");
  expect(kinds({ schema: { type: "array" } })).toBe("json");
  expect(kinds({ schema: { type: "object" } })).toBe("json");
  expect(kinds({ schema: {} })).toBe("json");
  expect(kinds({ secret: true })).toBe("secret");
  expect(kinds({ schema: { $ref: "#/$defs/Day", $defs: { Day: { type: "string", format: "date" } } } })).toBe("date");
});

test("what may be null stays what it is, and empty stands for null", () => {
  const field = fieldOf(param({ schema: { anyOf: [{ type: "integer" }, { type: "null" }] }, default: 3 }));
  expect(field).toMatchObject({ kind: "number", nullable: true, whole: true, initial: "3" });
  expect(valueIn(field, "")).toEqual({ value: null });
  expect(fieldOf(param({ schema: { type: ["string", "null"] } }))).toMatchObject({ kind: "text", nullable: true });
});

test("limits come from the schema", () => {
  const field = fieldOf(param({ schema: { type: "integer", minimum: 0, maximum: 1000 }, default: 0 }));
  expect(field).toMatchObject({ min: 0, max: 1000, initial: "0" });
});

test("texts become values", () => {
  const number = fieldOf(param({ schema: { type: "integer" } }));
  expect(valueIn(number, "12")).toEqual({ value: 12 });
  expect(valueIn(number, "1.5")).toEqual({ wrong: "Write a whole number." });
  expect(valueIn(number, "x")).toEqual({ wrong: "Write a whole number." });
  expect(valueIn(fieldOf(param({ schema: { type: "number" } })), "1.5")).toEqual({ value: 1.5 });
  expect(valueIn(fieldOf(param({ schema: { enum: [1, "1"] }, choices: [1, "1"] })), '"1"')).toEqual({ value: "1" });
  expect(valueIn(fieldOf(param({ schema: { type: "boolean" }, default: true })), "false")).toEqual({ value: false });
  const lines = fieldOf(param({ type: "list[int]", schema: { type: "array", items: { type: "integer" } } }));
  expect(valueIn(lines, "1\n\n2\nx")).toEqual({ value: [1, 2, "x"] }); // what an item may be, the server says
  const words = fieldOf(param({ type: "list[str]", schema: { type: "array", items: { type: "string" } } }));
  expect(valueIn(words, "1\nde")).toEqual({ value: ["1", "de"] });
  expect(valueIn(words, "")).toEqual({ value: [] });
  const json = fieldOf(param({ schema: { type: "object" } }));
  expect(valueIn(json, '{"a": 1}')).toEqual({ value: { a: 1 } });
  expect(valueIn(json, "{a")).toHaveProperty("wrong");
});

test("only what somebody has changed is sent", () => {
  const fields = [
    fieldOf(param({ name: "country", default: "de", choices: ["de", "fr"], schema: { enum: ["de", "fr"] } })),
    fieldOf(param({ name: "n", schema: { type: "integer" }, default: 1 })),
    fieldOf(param({ name: "key", secret: true, required: true })),
    fieldOf(param({ name: "day", required: true, schema: { type: "string", format: "date" } })),
  ];
  expect(filled(fields, {})).toEqual({ values: {}, wrong: {}, missing: ["key", "day"] });
  expect(filled(fields, { country: '"de"', n: "x", key: "s", day: "2026-11-01" })).toEqual({
    values: { key: "s", day: "2026-11-01" },
    wrong: { n: "Write a whole number." },
    missing: [],
  });
  expect(filled(fields, { country: '"fr"', key: "", day: "" })).toMatchObject({
    values: { country: "fr" },
    missing: ["key", "day"],
  });
});

test("a secret's default is never shown", () => {
  expect(fieldOf(param({ secret: true, default: "hunter2" })).initial).toBe("");
});

test("a refusal is shown at its field", () => {
  const fields = [fieldOf(param({ name: "country" }))];
  expect(refusedParam("`params` country=a: b: one of de, fr is wanted", fields)).toEqual({
    name: "country",
    says: "one of de, fr is wanted",
  });
  expect(refusedParam("orders has no interval", fields)).toBeNull();
});
