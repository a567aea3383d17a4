/** Where somebody goes after signing in: an address of this page and no other. Pure (RELIABILITY D12). */

const KNOWN = ["dags", "runs", "attempts", "backfills", "missing", "alerts", "resources", "audit", "settings"];

/** The address asked for, where it is one of ours; else the overview. */
export function landing(to: unknown): string {
  if (typeof to !== "string" || !/^\/[\w]/.test(to) || !/^[!-[\]-~]*$/.test(to)) return "/";
  const first = to.split(/[/?#]/, 2)[1] ?? "";
  return KNOWN.includes(first) ? to : "/";
}
