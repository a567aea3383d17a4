/** The DAGs and runs that somebody looked at last, in this browser. */
const KEPT = "recent";
const MOST = 12;
const WORTH = /^\/(dags|runs|backfills)\/[^/]+$/;

/** The list with one more in front, each once. Pure. */
export function withRecent(list: readonly string[], path: string): readonly string[] {
  return WORTH.test(path) ? [path, ...list.filter((one) => one !== path)].slice(0, MOST) : list;
}

export function recent(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one === "string" && WORTH.test(one)) : [];
  } catch {
    return []; // what somebody else wrote there
  }
}

export function remember(path: string) {
  if (WORTH.test(path)) localStorage.setItem(KEPT, JSON.stringify(withRecent(recent(), path)));
}
