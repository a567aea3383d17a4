/** What somebody may do, in words and as a form. Pure. */
import type { GrantForm } from "~/api/schema";
import { ROLES, type Role } from "~/ui/state";

/** A grant as a form holds it: `select` is always there. */
export interface Grant {
  readonly role: Role;
  readonly select: string;
}

const MEANS: Record<Role, string> = {
  viewer: "sees everything, changes nothing",
  operator: "runs, retries, marks, pauses, backfills, silences",
  author: "and deploys",
  admin: "and users, tokens, connections, secrets",
};

export function meaningOf(role: Role): string {
  return MEANS[role];
}

export function roleOf(text: string): Role {
  return ROLES.find((role) => role === text) ?? "viewer";
}

/** `admin on everything`, `viewer on everything and operator on tag:retail`; the widest last. */
export function grantsText(grants: readonly GrantForm[]): string {
  if (grants.length === 0) return "may do nothing";
  const ranked = [...grants].sort((a, b) => ROLES.indexOf(roleOf(a.role)) - ROLES.indexOf(roleOf(b.role)));
  const words = ranked.map(({ role, select }) => `${role} on ${!select || select === "*" ? "everything" : select}`);
  const last = words.at(-1) ?? "";
  return words.length === 1 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}

/** What is sent of a form: selections trimmed, doubles once. */
export function cleaned(grants: readonly Grant[]): Grant[] {
  const seen = new Set<string>();
  return grants
    .map(({ role, select }) => ({ role, select: select.trim() || "*" }))
    .filter(({ role, select }) => {
      const key = `${role} ${select}`;
      return !seen.has(key) && seen.add(key);
    });
}

/** Whether two lists of grants allow the same words. */
export function same(a: readonly GrantForm[], b: readonly GrantForm[]): boolean {
  const text = (some: readonly GrantForm[]) =>
    some
      .map(({ role, select }) => `${role} ${select || "*"}`)
      .sort()
      .join("\n");
  return text(a) === text(b);
}

export type PersonField = "name" | "password" | "grants";

/** The field of the form of a user that a refusal is about. */
export function personFieldOf(detail: string): PersonField {
  if (/password/.test(detail)) return "password";
  if (/role|selection|select|grant|names no/.test(detail) && !/name of a user/.test(detail)) return "grants";
  return "name";
}
