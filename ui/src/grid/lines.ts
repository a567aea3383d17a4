/** The lines of a grid: tasks, and the groups they lie in, which can be folded. Pure. */
import type { GridRow } from "~/api/schema";
import type { Column } from "./sheet";
import { NO_TASK } from "./sheet";

export interface Line {
  /** Of a task its id, of a group the group's id with a `/` behind it: no two lines share one. */
  readonly id: string;
  readonly name: string;
  readonly full: string;
  readonly depth: number;
  readonly group: boolean;
  readonly folded: boolean;
  readonly mapped: boolean;
  readonly gone: boolean;
  /** The rows of the sheet that it tells of: of a task one, of a group those inside. */
  readonly rows: readonly number[];
}

interface Branch {
  readonly id: string;
  readonly members: (number | Branch)[];
}

function treeOf(rows: readonly GridRow[], wanted: (row: GridRow) => boolean): Branch {
  const root: Branch = { id: "", members: [] };
  const branches = new Map<string, Branch>([["", root]]);
  const branch = (id: string): Branch => {
    const known = branches.get(id);
    if (known) return known;
    const made: Branch = { id, members: [] };
    branches.set(id, made);
    branch(id.includes(".") ? id.slice(0, id.lastIndexOf(".")) : "").members.push(made);
    return made;
  };
  rows.forEach((row, at) => {
    if (wanted(row)) branch(row.group ?? "").members.push(at);
  });
  return root;
}

function inside(branch: Branch): number[] {
  return branch.members.flatMap((one) => (typeof one === "number" ? [one] : inside(one)));
}

function short(id: string, group: string): string {
  return group && id.startsWith(`${group}.`) ? id.slice(group.length + 1) : id;
}

/** The lines in the order of the file, groups where their first task stands; `text` leaves only tasks that contain it. */
export function linesOf(rows: readonly GridRow[], folded: ReadonlySet<string>, text = ""): Line[] {
  const sought = text.trim().toLowerCase();
  const lines: Line[] = [];
  const walk = (branch: Branch, depth: number) => {
    for (const one of branch.members) {
      if (typeof one === "number") {
        const row = rows[one] as GridRow;
        lines.push({
          id: row.task_id,
          name: short(row.task_id, row.group ?? ""),
          full: row.task_id,
          depth,
          group: false,
          folded: false,
          mapped: row.mapped ?? false,
          gone: row.gone ?? false,
          rows: [one],
        });
        continue;
      }
      const shut = folded.has(one.id);
      lines.push({
        id: `${one.id}/`,
        name: short(one.id, branch.id),
        full: one.id,
        depth,
        group: true,
        folded: shut,
        mapped: false,
        gone: false,
        rows: inside(one),
      });
      if (!shut) walk(one, depth + 1);
    }
  };
  walk(
    treeOf(rows, (row) => !sought || row.task_id.toLowerCase().includes(sought)),
    0,
  );
  return lines;
}

/** How many of the rows of a line stand in each state, by letter. */
export function codesOf(line: Line, column: Column): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of line.rows) {
    const code = column.codes[row] ?? NO_TASK;
    if (code !== NO_TASK) counts[code] = (counts[code] ?? 0) + 1;
  }
  return counts;
}

const grouped = new WeakMap<Line, WeakMap<Column, Record<string, number>>>();

/** The states inside a group, counted once for each run. */
export function statesIn(
  line: Line,
  column: Column,
  letters: Readonly<Record<string, string>>,
): Record<string, number> {
  const known = grouped.get(line) ?? new WeakMap<Column, Record<string, number>>();
  grouped.set(line, known);
  const found = known.get(column);
  if (found) return found;
  const counts = Object.fromEntries(
    Object.entries(codesOf(line, column)).map(([code, n]) => [letters[code] ?? code, n]),
  );
  known.set(column, counts);
  return counts;
}
