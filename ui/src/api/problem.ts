import type { Fault } from "./schema";

/** What went wrong with a question, in the server's own words (RFC 9457). `status` 0: there was no answer. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly retryAfter: number | null = null,
    readonly faults: readonly Fault[] = [],
  ) {
    super(detail || title);
    this.name = "Problem";
  }
}

/** Whatever was thrown, as a problem. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof DOMException && error.name === "TimeoutError")
    return new Problem(0, "no answer", "The server has not answered within 30 seconds.");
  if (error instanceof TypeError) return new Problem(0, "no answer", "The server cannot be reached.");
  return new Problem(0, "a fault of this page", error instanceof Error ? error.message : String(error));
}

/** The problem that an answer tells of. */
export async function problemIn(response: Response): Promise<Problem> {
  const after = Number(response.headers.get("retry-after"));
  const told: { title?: string; detail?: string; errors?: Fault[] } = await response.json().catch(() => ({}));
  const title = told.title ?? `${response.status} ${response.statusText}`;
  return new Problem(
    response.status,
    title,
    told.detail ?? "",
    Number.isFinite(after) && after > 0 ? after : null,
    told.errors,
  );
}
