/** Which rows of a long list are drawn: those in view and some around them. Pure. */
export interface Rows {
  readonly from: number;
  readonly to: number; // the first that is not drawn
}

/** All rows are equally high; `spare` rows are drawn beyond each edge, so that a quick scroll finds them there. */
export function rowsIn(top: number, height: number, row: number, count: number, spare = 10): Rows {
  const first = Math.floor(Math.max(0, top) / row);
  const last = Math.ceil((Math.max(0, top) + Math.max(0, height)) / row);
  const to = Math.min(count, last + spare);
  return { from: Math.max(0, Math.min(first - spare, to)), to };
}
