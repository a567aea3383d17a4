/** A form made from the params of a DAG: schema in, fields out; texts in, values out. Pure. */
import type { Param } from "~/api/schema";

type Schema = Readonly<Record<string, unknown>>;

export type Kind = "text" | "number" | "tick" | "choice" | "date" | "lines" | "json" | "secret";

export interface ParamField {
  readonly name: string;
  readonly kind: Kind;
  readonly type: string;
  readonly description: string;
  readonly required: boolean;
  /** What it is where nobody says anything; "" of a required or secret one. */
  readonly initial: string;
  /** Of a choice: the values as JSON, with how they are shown. */
  readonly choices: readonly (readonly [json: string, shown: string])[];
  /** Empty stands for null. */
  readonly nullable: boolean;
  readonly whole: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly longest?: number;
}

/** The field of a param. */
export function fieldOf(param: Param): ParamField {
  const schema = resolved(param.schema, param.schema);
  const inner = withoutNull(schema, param.schema);
  const nullable = inner !== schema;
  const kind = kindOf(param, inner, param.schema);
  const choices = param.choices.length ? param.choices : kind === "choice" ? [true, false] : [];
  return {
    name: param.name,
    kind,
    type: param.type,
    description: param.description,
    required: param.required,
    initial: param.required || param.secret ? "" : textOf(param.default, kind),
    choices: choices.map((one) => [JSON.stringify(one), typeof one === "string" ? one : JSON.stringify(one)]),
    nullable,
    whole: inner.type === "integer",
    min: numberIn(inner, "minimum") ?? numberIn(inner, "exclusiveMinimum"),
    max: numberIn(inner, "maximum") ?? numberIn(inner, "exclusiveMaximum"),
    longest: numberIn(inner, "maxLength"),
  };
}

function kindOf(param: Param, schema: Schema, root: Schema): Kind {
  if (param.secret) return "secret";
  if (param.choices.length) return "choice";
  switch (schema.type) {
    case "boolean":
      return param.required ? "choice" : "tick";
    case "integer":
    case "number":
      return "number";
    case "string":
      return schema.format === "date" ? "date" : "text";
    case "array":
      return isSimple(schema.items, root) ? "lines" : "json";
    default:
      return "json";
  }
}

/** Whether a list holds texts or numbers only, which can be written one a line. */
function isSimple(items: unknown, root: Schema): boolean {
  if (typeof items !== "object" || items === null) return false;
  const schema = resolved(items as Schema, root);
  return !schema.enum && (schema.type === "string" || isNumeric(schema));
}

function isNumeric(schema: Schema): boolean {
  return schema.type === "integer" || schema.type === "number";
}

function resolved(schema: Schema, root: Schema): Schema {
  const name = typeof schema.$ref === "string" ? schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1) : null;
  if (name === null) return schema;
  const found = (root.$defs as Readonly<Record<string, Schema>> | undefined)?.[name];
  return found ? resolved(found, root) : {};
}

function withoutNull(schema: Schema, root: Schema): Schema {
  const types = Array.isArray(schema.type) ? schema.type.filter((one) => one !== "null") : [];
  if (types.length === 1) return { ...schema, type: types[0] };
  const some = Array.isArray(schema.anyOf) ? (schema.anyOf as Schema[]) : [];
  const rest = some.filter((one) => one.type !== "null");
  const [one] = rest;
  return one && rest.length === 1 && some.length > 1 ? resolved(one, root) : schema;
}

function numberIn(schema: Schema, name: string): number | undefined {
  const value = schema[name];
  return typeof value === "number" ? value : undefined;
}

/** A value as the text of its field. */
export function textOf(value: unknown, kind: Kind): string {
  if (kind === "choice" || kind === "tick") return JSON.stringify(value ?? null);
  if (kind === "lines" && Array.isArray(value)) return value.map(String).join("\n");
  if (value === null || value === undefined) return kind === "json" ? "null" : "";
  return typeof value === "string" && kind !== "json" ? value : JSON.stringify(value);
}

export type Read = { value: unknown } | { wrong: string } | null;

/** The value that the text of a field means; null: none is given. What a value may be, the server knows. */
export function valueIn(field: ParamField, text: string): Read {
  const bare = text.trim();
  if (bare === "" && field.kind !== "lines" && (field.required || field.kind === "choice")) return null;
  if (bare === "" && field.nullable && field.kind !== "lines") return { value: null };
  switch (field.kind) {
    case "number":
      return numberOf(field, bare);
    case "choice":
    case "tick":
      return { value: JSON.parse(text) };
    case "lines":
      return { value: linesOf(field, text) };
    case "json":
      return jsonOf(bare);
    default:
      return { value: text };
  }
}

function numberOf(field: ParamField, text: string): Read {
  const value = Number(text.replaceAll("_", ""));
  if (text === "" || !Number.isFinite(value))
    return { wrong: field.whole ? "Write a whole number." : "Write a number." };
  if (field.whole && !Number.isSafeInteger(value)) return { wrong: "Write a whole number." };
  return { value };
}

function linesOf(field: ParamField, text: string): unknown[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const numbers = /^list\[(int|float)\]/.test(field.type);
  return lines.map((line) => (numbers && Number.isFinite(Number(line)) ? Number(line) : line));
}

function jsonOf(text: string): Read {
  try {
    return { value: JSON.parse(text) };
  } catch (why) {
    return { wrong: `This is no JSON yet: ${why instanceof Error ? why.message : String(why)}` };
  }
}

export interface Filled {
  /** What is sent: values that differ from what they are anyway. */
  readonly values: Readonly<Record<string, unknown>>;
  /** What cannot be read, by name. */
  readonly wrong: Readonly<Record<string, string>>;
  /** What is still to be given. */
  readonly missing: readonly string[];
}

/** What a form says; `texts` are those that somebody has touched. */
export function filled(fields: readonly ParamField[], texts: Readonly<Record<string, string>>): Filled {
  const values: Record<string, unknown> = {};
  const wrong: Record<string, string> = {};
  const missing: string[] = [];
  for (const field of fields) {
    const text = texts[field.name];
    const untouched = text === undefined || (!field.required && text === field.initial);
    const read = untouched ? null : valueIn(field, text);
    if (read && "wrong" in read) wrong[field.name] = read.wrong;
    else if (read) values[field.name] = read.value;
    else if (field.required) missing.push(field.name);
  }
  return { values, wrong, missing };
}

/** The param that a refusal is about, and what it says: “`params` country=xx: one of de, fr is wanted”. */
export function refusedParam(detail: string, fields: readonly ParamField[]): { name: string; says: string } | null {
  const named = fields.find((field) => detail.startsWith(`\`params\` ${field.name}=`));
  if (!named) return null;
  const end = detail.lastIndexOf(": ");
  return { name: named.name, says: end < 0 ? detail : detail.slice(end + 2) };
}
