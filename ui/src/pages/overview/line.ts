/** The next hours on a line: where things stand on it, as shares of its width. Pure. */
import type { Coming, Mark } from "~/api/schema";
import { median } from "~/ui/spark";
import { hour } from "~/ui/time";

const HOUR = 3_600_000;
const STEP = 5 * 60_000;
const NARROWEST = 0.008;

/** What a line shows, in milliseconds. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A line of so many hours from now on, with a little of what was; it moves every five minutes. */
export function spanOf(now: number, hours: number): Span {
  const at = Math.floor(now / STEP) * STEP;
  return { start: at - (hours / 24) * HOUR, end: at + hours * HOUR };
}

/** The share of the line at which an instant stands. */
export function shareOf(at: number, { start, end }: Span): number {
  return (at - start) / (end - start);
}

export interface Piece {
  readonly kind: "due" | "band" | "running";
  readonly left: number;
  readonly width: number;
  readonly risk: string;
  /** In how many runs it stands for. */
  readonly count: number;
}

/** What comes of a DAG: a bar a run, as long as it is expected to take; one band where they would touch. */
export function piecesOf(coming: Coming | undefined, marks: readonly Mark[], span: Span): readonly Piece[] {
  const usual = coming?.expected_seconds ?? median(marks.flatMap((mark) => mark.seconds ?? [])) ?? 0;
  return [...running(marks, span, usual), ...(coming ? due(coming, span) : [])];
}

function due(coming: Coming, span: Span): readonly Piece[] {
  const dues = duesOf(coming);
  const width = share((coming.expected_seconds ?? 0) * 1000, span);
  const [first, last] = [dues[0], dues.at(-1)];
  if (first === undefined || last === undefined) return [];
  const gap = dues.length > 1 ? shareOf(last, span) - shareOf(first, span) : 1;
  if (dues.length > 1 && gap / (dues.length - 1) < Math.max(1.5 * NARROWEST, width))
    return [{ ...clipped(first, last, span, width), kind: "band", risk: coming.risk, count: coming.count }];
  return dues.map((at) => ({ ...clipped(at, at, span, width), kind: "due", risk: coming.risk, count: 1 }));
}

/** When it falls due; evenly spread where they are too many to be told one by one. */
export function duesOf(coming: Coming): readonly number[] {
  if (coming.dues.length) return coming.dues.map((at) => Date.parse(at));
  const [first, last] = [Date.parse(coming.due), Date.parse(coming.last)];
  const step = coming.count > 1 ? (last - first) / (coming.count - 1) : 0;
  return Array.from({ length: coming.count }, (_, n) => first + n * step);
}

/** Runs that go on now: from when they began to when they are expected to end. */
function running(marks: readonly Mark[], span: Span, seconds: number): readonly Piece[] {
  return marks
    .filter((mark) => mark.state === "running" && mark.started_at)
    .map((mark) => {
      const began = Date.parse(mark.started_at ?? "");
      const place = clipped(began, began, span, share(seconds * 1000, span));
      return { ...place, kind: "running", risk: "", count: 1 };
    });
}

function share(milliseconds: number, { start, end }: Span): number {
  return milliseconds / (end - start);
}

function clipped(from: number, to: number, span: Span, wide: number): { left: number; width: number } {
  const left = Math.max(0, Math.min(1 - NARROWEST, shareOf(from, span)));
  const right = Math.min(1, Math.max(shareOf(to, span) + wide, left + NARROWEST));
  return { left, width: right - left };
}

/** Whole hours of a zone that stand on the line: `06:00`, every `every` hours. */
export function hoursOf(span: Span, zone: string, every: number): readonly { left: number; text: string }[] {
  const first = Math.ceil(span.start / (HOUR / 4)) * (HOUR / 4); // zones lie quarters of an hour apart
  const ticks = [];
  for (let at = first; at <= span.end; at += HOUR / 4) {
    const text = hour(at, zone);
    const [hours = "", minutes] = text.split(":");
    if (minutes === "00" && Number(hours) % every === 0) ticks.push({ left: shareOf(at, span), text });
  }
  return ticks;
}
