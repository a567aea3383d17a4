/** Which runs of a list are picked. Pure. */
export interface Picked {
  readonly ids: ReadonlySet<string>;
  /** Where a range begins. */
  readonly anchor: string | null;
  /** All that fit the filter, also those that have not come yet. */
  readonly all: boolean;
}

export const NONE: Picked = { ids: new Set(), anchor: null, all: false };

/** Whether a run is picked. */
export function has(picked: Picked, id: string): boolean {
  return picked.all || picked.ids.has(id);
}

/** Pick a run, or leave it out again; `range`: do the same with all between it and the one before. */
export function toggle(picked: Picked, rows: readonly string[], id: string, range = false): Picked {
  const on = !has(picked, id);
  const ids = new Set(picked.all ? rows : picked.ids);
  for (const one of range ? between(rows, picked.anchor, id) : [id]) {
    if (on) ids.add(one);
    else ids.delete(one);
  }
  return { ids, anchor: id, all: false };
}

/** Pick all rows that are shown, or none where all are. */
export function toggleAll(picked: Picked, rows: readonly string[]): Picked {
  return allOf(picked, rows) ? NONE : { ids: new Set([...picked.ids, ...rows]), anchor: null, all: false };
}

/** Whether all rows that are shown are picked. */
export function allOf(picked: Picked, rows: readonly string[]): boolean {
  return rows.length > 0 && rows.every((id) => has(picked, id));
}

export function everything(): Picked {
  return { ids: new Set(), anchor: null, all: true };
}

export function isEmpty(picked: Picked): boolean {
  return !picked.all && picked.ids.size === 0;
}

function between(rows: readonly string[], anchor: string | null, id: string): readonly string[] {
  const [a, b] = [anchor === null ? -1 : rows.indexOf(anchor), rows.indexOf(id)];
  return a < 0 || b < 0 ? [id] : rows.slice(Math.min(a, b), Math.max(a, b) + 1);
}
