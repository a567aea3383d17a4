/**
 * Lines of a log as rows that are equally high, so that where each of them stands is arithmetic. Pure.
 *
 * One line may have many rows: it holds breaks, or it is broken where the paper ends. A row is a stretch of the line's
 * text; only rows in view are made.
 */
import type { LogLine } from "~/api/schema";
import { plainOf, type Span, spansOf } from "./ansi";

/** Characters of a row that is not broken; more would take a browser's breath. */
export const LONGEST = 2_000;

export interface Row {
  readonly spans: readonly Span[];
  readonly rest: number; // characters that are left out at its end
}

const SIMPLE = /^[\x20-\x7e]*$/;
const TAB = "        ";

/** The text of a line without colours, and with the fields of a record behind its first row. */
export function textOf(line: LogLine): string {
  return dressed(line)
    .map((span) => span.text)
    .join("");
}

function dressed(line: LogLine): Span[] {
  const msg = line.msg.includes("\t") ? line.msg.replaceAll("\t", TAB) : line.msg;
  const spans = spansOf(msg);
  const fields = fieldsOf(line);
  if (!fields) return spans;
  const extra: Span = { text: `  ${fields}`, look: "extra" };
  const at = spans.findIndex((span) => span.text.includes("\n"));
  const span = spans[at];
  if (!span) return [...spans, extra];
  const cut = span.text.indexOf("\n");
  return [
    ...spans.slice(0, at),
    { text: span.text.slice(0, cut), look: span.look },
    extra,
    { text: span.text.slice(cut), look: span.look },
    ...spans.slice(at + 1),
  ];
}

function fieldsOf(line: LogLine): string {
  if (!line.fields || typeof line.fields !== "object") return "";
  return Object.entries(line.fields as Record<string, unknown>)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ")
    .replaceAll("\n", "⏎");
}

/** How many rows a line takes; `columns` 0: rows are not broken. */
export function rowCount(line: LogLine, columns: number): number {
  const text = line.fields ? textOf(line) : SIMPLE.test(line.msg) ? line.msg : plainOf(line.msg).replaceAll("\t", TAB);
  if (!text.includes("\n")) return columns ? pieces(text, columns) : 1;
  const parts = text.split("\n");
  return columns ? parts.reduce((sum, part) => sum + pieces(part, columns), 0) : parts.length;
}

function pieces(text: string, columns: number): number {
  if (text.length === 0) return 1;
  if (SIMPLE.test(text)) return Math.ceil(text.length / columns);
  return [...breaks(text, columns)].length;
}

/** Where a text is broken: ends of its rows. Wide characters take two columns, marks upon others none. */
function* breaks(text: string, columns: number): Generator<number> {
  let used = 0;
  let at = 0;
  for (const sign of text) {
    const width = widthOf(sign);
    if (used + width > columns && at > 0) {
      yield at;
      used = 0;
    }
    used += width;
    at += sign.length;
  }
  yield at;
}

const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}]/u;
const NONE = /\p{Mn}|\u200b|\u200d|\ufe0f/u;

function widthOf(sign: string): number {
  const code = sign.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  return WIDE.test(sign) ? 2 : NONE.test(sign) ? 0 : 1;
}

/** The rows of a line, with every place marked where `wanted` stands in it, whatever its case. */
export function rowsOf(line: LogLine, columns: number, wanted = ""): Row[] {
  const spans = marked(dressed(line), wanted);
  const text = spans.map((span) => span.text).join("");
  const rows: Row[] = [];
  let at = 0;
  for (const part of text.split("\n")) {
    if (!columns) {
      const shown = Math.min(part.length, LONGEST);
      rows.push({ spans: slice(spans, at, at + shown), rest: part.length - shown });
    } else {
      let from = 0;
      for (const to of part ? breaks(part, columns) : [0]) {
        rows.push({ spans: slice(spans, at + from, at + to), rest: 0 });
        from = to;
      }
    }
    at += part.length + 1;
  }
  return rows;
}

/** The spans between two places. */
function slice(spans: readonly Span[], from: number, to: number): Span[] {
  const found: Span[] = [];
  let at = 0;
  for (const span of spans) {
    const end = at + span.text.length;
    if (end > from && at < to) found.push({ ...span, text: span.text.slice(Math.max(0, from - at), to - at) });
    at = end;
    if (at >= to) break;
  }
  return found;
}

function marked(spans: readonly Span[], wanted: string): readonly Span[] {
  if (!wanted) return spans;
  const text = spans.map((span) => span.text).join("");
  const low = text.toLowerCase();
  const needle = wanted.toLowerCase();
  if (low.length !== text.length) return spans; // a letter that changes its length with its case: no place is sure
  const found: Span[] = [];
  let at = 0;
  for (let hit = low.indexOf(needle); hit >= 0; hit = low.indexOf(needle, at)) {
    found.push(...slice(spans, at, hit));
    for (const span of slice(spans, hit, hit + needle.length)) found.push({ ...span, look: `${span.look} hit`.trim() });
    at = hit + needle.length;
  }
  return [...found, ...slice(spans, at, text.length)];
}

/** Where each line begins, in rows; the last number is how many rows there are. */
export function placesOf(lines: readonly LogLine[], columns: number, before?: Places): Places {
  const known = before && before.columns === columns ? sharedWith(before.lines, lines) : 0;
  const tops = before && known ? before.tops.slice(0, known + 1) : [0];
  let at = tops[known] ?? 0;
  for (let i = known; i < lines.length; i++) {
    const line = lines[i];
    if (line) at += rowCount(line, columns);
    tops.push(at);
  }
  return { lines, columns, tops };
}

export interface Places {
  readonly lines: readonly LogLine[];
  readonly columns: number;
  readonly tops: readonly number[];
}

/** How many lines at the beginning are the very same: those before an end that grows. */
function sharedWith(old: readonly LogLine[], lines: readonly LogLine[]): number {
  const last = Math.min(old.length, lines.length) - 1;
  return last >= 0 && old[0] === lines[0] && old[last] === lines[last] ? last + 1 : 0;
}

/** The line in which a row lies. */
export function lineAt(places: Places, row: number): number {
  let low = 0;
  let high = places.lines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((places.tops[middle] ?? 0) <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The line that begins at a byte, or the last before it; -1 where there is none. */
export function indexOf(lines: readonly LogLine[], offset: number): number {
  let low = 0;
  let high = lines.length - 1;
  let found = -1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.offset ?? 0) <= offset) {
      found = middle;
      low = middle + 1;
    } else high = middle - 1;
  }
  return found;
}
