/** Numbers and lengths for people. Pure. */

const THIN = " ";

/** `12 450`: digits in groups of three. */
export function count(n: number): string {
  return Math.round(n)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, THIN);
}

/** `1 run`, `3 runs`. */
export function many(n: number, one: string, more = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : more}`;
}

/** Seconds as `0.4 s`, `42 s`, `3 m 05 s`, `2 h 10 m`, `3 d 4 h`; a dash where there are none. */
export function length(seconds: number | null | undefined): string {
  if (seconds == null || !Number.isFinite(seconds)) return "–";
  if (seconds < 0) return "0 s";
  if (seconds > 0 && seconds < 0.0005) return "< 1 ms";
  if (seconds < 0.1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} m ${pad(s % 60)} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${pad(Math.floor((s % 3600) / 60))} m`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

/** `340 B`, `1.2 KiB`, `3.4 GiB`. */
export function bytes(n: number | null | undefined): string {
  if (n == null) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = n < 1 ? 0 : Math.min(Math.floor(Math.log2(n) / 10), units.length - 1);
  const value = n / 2 ** (10 * power);
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

export function percent(share: number | null | undefined): string {
  return share == null ? "–" : `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/** The label of a task or of one item: `clean`, `clean[3]`. */
export function label(task: string, index: number | null | undefined): string {
  return index == null ? task : `${task}[${index}]`;
}

/** `up_for_retry` as people say it. */
export function plain(word: string): string {
  return word.replaceAll("_", " ");
}

function pad(n: number): string {
  return n.toString().padStart(2, "0");
}
