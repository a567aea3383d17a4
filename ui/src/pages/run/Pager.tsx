import { Link } from "@tanstack/react-router";

/** On to the next page of a list; back goes the browser, or at once to the first. */
export function Pager({
  cursor,
  next,
  first,
  on,
}: {
  cursor?: string;
  next?: string | null;
  first: string;
  on: string;
}) {
  if (!cursor && !next) return null;
  const to = (where: string | undefined) => ((old: Record<string, unknown>) => ({ ...old, cursor: where })) as never;
  return (
    <nav className="more row" aria-label="pages of the list">
      {cursor && (
        <Link to="." search={to(undefined)} resetScroll={false} className="button">
          « {first}
        </Link>
      )}
      {next && (
        <Link to="." search={to(next)} resetScroll={false} className="button">
          {on} ›
        </Link>
      )}
    </nav>
  );
}
