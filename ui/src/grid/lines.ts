/** The lines of a grid: tasks, and the groups they lie in, which can be folded. Pure. */
import type { GridRow } from "~/api/schema";
import { ranked } from "~/ui/marks";
import { type Column, NO_TASK } from "./sheet";

type Letters = Readonly<Record<string, string>>;

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

/**
 * The state of a row in a run, empty where it has no such task. A mapped task has none of its own: what matters most
 * of its items is shown, as in a graph.
 */
export function stateOf(row: number, column: Column, letters: Letters): string {
  const code = column.codes[row] ?? NO_TASK;
  if (code === NO_TASK) return "";
  const items = column.items.get(row);
  return (items && ranked(items)[0]?.[0]) || (letters[code] ?? code);
}

const counted = new WeakMap<Line, WeakMap<Column, Readonly<Record<string, number>>>>();

/** How many tasks inside a group stand in each state; counted once for each run. */
export function statesIn(line: Line, column: Column, letters: Letters): Readonly<Record<string, number>> {
  const known = counted.get(line) ?? new WeakMap<Column, Readonly<Record<string, number>>>();
  counted.set(line, known);
  const found = known.get(column);
  if (found) return found;
  const counts: Record<string, number> = {};
  for (const row of line.rows) {
    const state = stateOf(row, column, letters);
    if (state) counts[state] = (counts[state] ?? 0) + 1;
  }
  known.set(column, counts);
  return counts;
}
