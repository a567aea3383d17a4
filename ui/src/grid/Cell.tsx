import { Link } from "@tanstack/react-router";
import type { CSSProperties, Ref } from "react";
import { lookOf, ranked } from "~/ui/marks";
import { length, many } from "~/ui/words";
import { type Line, stateOf, statesIn } from "./lines";
import type { Column } from "./sheet";
import type { Place } from "./view";

type Letters = Readonly<Record<string, string>>;

/** The state of a cell: of a run, a task, or what matters most in a group; empty where there is no task. */
export function stateAt(line: Line | null, column: Column, letters: Letters): string {
  if (!line) return column.state;
  if (line.group) return ranked(statesIn(line, column, letters))[0]?.[0] ?? "";
  return stateOf(line.rows[0] ?? 0, column, letters);
}

/** How many stand in each state: the tasks of a group, the items of a mapped task; null for what is one. */
export function countsAt(line: Line | null, column: Column, letters: Letters): Record<string, number> | null {
  if (!line) return null;
  return line.group ? statesIn(line, column, letters) : (column.items.get(line.rows[0] ?? -1) ?? null);
}

/** What a run is opened on. */
export function taskOf(line: Line | null | undefined): { task?: string } {
  return line && !line.group ? { task: line.full } : {};
}

/** A cell in words. */
export function cellText(line: Line | null, column: Column, letters: Letters): string {
  const state = stateAt(line, column, letters);
  const counts = countsAt(line, column, letters);
  const what = line
    ? `${line.group ? "group " : ""}${line.full}, run ${column.key}`
    : `run ${column.key}, ${column.kind}`;
  const parts = counts ? ranked(counts).map(([one, n]) => `${n} ${lookOf(one).label}`) : [];
  const took = !line && column.seconds != null ? `, ${length(column.seconds)}` : "";
  const items =
    parts.length > 1 ? `: ${parts.join(", ")}` : line?.group && parts[0] ? `: ${many(line.rows.length, "task")}` : "";
  return `${what}: ${state ? lookOf(state).label : "no such task"}${items}${took}`;
}

/** A cell as an element: a link, so that it opens as links do. Without `index` it is only for the pointer. */
export function Cell({
  line,
  column,
  letters,
  box,
  ref,
  index,
  onKey,
  onFocus,
  onBlur,
}: {
  line: Line | null;
  column: Column;
  letters: Letters;
  box: CSSProperties;
  ref?: Ref<HTMLAnchorElement>;
  index?: Place;
  onKey?: (event: React.KeyboardEvent) => void;
  onFocus?: () => void;
  onBlur?: () => void;
}) {
  const link = (
    <Link
      to="/runs/$run"
      params={{ run: column.run_id }}
      search={taskOf(line)}
      preload={false}
      className={`grid-cell${index ? "" : " pointed"}`}
      ref={ref}
      style={box}
      tabIndex={index ? 0 : -1}
      aria-label={cellText(line, column, letters)}
      onKeyDown={onKey}
      onFocus={onFocus}
      onBlur={onBlur}
    />
  );
  if (!index) return <div aria-hidden>{link}</div>;
  return (
    // biome-ignore lint/a11y/useSemanticElements: the cells are painted; a table has nothing to hold them
    <div role="row" aria-rowindex={index.line + 2} tabIndex={-1}>
      {/* biome-ignore lint/a11y/useSemanticElements: the cells are painted; a table has nothing to hold them */}
      <div role="gridcell" aria-colindex={index.column + 2} tabIndex={-1}>
        {link}
      </div>
    </div>
  );
}
