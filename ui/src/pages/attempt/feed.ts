/**
 * A log as it comes: one stretch of lines without a gap, that grows at both ends and never beyond what a browser holds.
 *
 * It asks by itself: what is new while the attempt lives (twice a second, less often where nothing comes), and what lies
 * before or behind where somebody looks. Where the server does not answer it says so and goes on.
 */
import type { LogLine, LogPage } from "~/api/schema";

export const MOST = 100_000; // lines held
export const AT_ONCE = 5_000;
const BLOCK = 1 << 20; // bytes, backwards
const QUICK = 500;
const SLOW = 5_000;
const LOST = 8_000;

export interface Question {
  readonly offset?: number;
  readonly limit: number;
  readonly tail?: boolean;
}
export type Ask = (question: Question, signal: AbortSignal) => Promise<LogPage>;

export interface Reading {
  readonly lines: readonly LogLine[];
  readonly start: number; // bytes: all that fits between the two is in `lines`
  readonly end: number;
  readonly size: number;
  readonly more: boolean;
  readonly live: boolean;
  readonly opened: boolean;
  readonly trouble: unknown;
}

const NOTHING: Reading = {
  lines: [],
  start: 0,
  end: 0,
  size: 0,
  more: false,
  live: true,
  opened: false,
  trouble: null,
};

export class Feed {
  private reading: Reading = NOTHING;
  private readonly listeners = new Set<() => void>();
  private stopping = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pause = QUICK;
  private busy = false;
  private back = false;
  private view = { start: false, end: true };

  /** `from`: the byte that is wanted in view, or the end. */
  constructor(
    private readonly ask: Ask,
    private from: number | "end",
  ) {}

  now = (): Reading => this.reading;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    if (this.listeners.size === 1) this.begin();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.halt();
    };
  };

  /** What somebody looks at: near the first line, near the last. */
  look(start: boolean, end: boolean) {
    if (start === this.view.start && end === this.view.end) return;
    this.view = { start, end };
    if ((start && this.reading.start > 0) || (end && this.reading.more)) this.soon(0);
  }

  /** Go somewhere else. */
  open(from: number | "end") {
    this.halt();
    this.from = from;
    this.reading = { ...NOTHING, live: this.reading.live, size: this.reading.size };
    this.view = { start: false, end: true };
    this.tell();
    if (this.listeners.size) this.begin();
  }

  private begin() {
    this.stopping = new AbortController();
    this.busy = false;
    this.soon(0);
  }

  private halt() {
    clearTimeout(this.timer);
    this.stopping.abort();
  }

  private soon(wait: number) {
    if (this.busy) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.turn(), wait);
  }

  private async turn() {
    const { signal } = this.stopping;
    this.busy = true;
    const before = this.reading;
    try {
      await this.step(signal);
      if (signal.aborted) return;
      if (this.reading.trouble) this.change({ trouble: null });
      const grew = this.reading.end !== before.end || this.reading.live !== before.live;
      this.pause = grew ? QUICK : Math.min(SLOW, this.pause * 1.4);
    } catch (trouble) {
      if (signal.aborted) return;
      this.change({ trouble });
      this.pause = Math.min(LOST, Math.max(1_000, this.pause * 1.6));
      this.busy = false;
      this.soon(this.pause);
      return;
    }
    this.busy = false;
    if (this.wantsOlder() || (this.reading.more && this.wantsNewer())) this.soon(0);
    else if (this.reading.live) this.soon(this.pause);
  }

  private wantsOlder(): boolean {
    return this.reading.start > 0 && this.view.start;
  }

  /** What is held is bounded: behind what somebody reads it goes on only as far as that. */
  private wantsNewer(): boolean {
    return this.view.end || this.reading.lines.length < MOST;
  }

  private async step(signal: AbortSignal) {
    if (!this.reading.opened) return this.first(signal);
    const newer = this.wantsNewer() && (this.reading.more || this.reading.live);
    this.back = this.wantsOlder() && !(newer && this.back); // both are wanted: by turns
    if (this.back) return this.older(signal);
    if (newer) return this.newer(signal);
  }

  private async first(signal: AbortSignal) {
    const at = this.from;
    const question =
      at === "end" ? { tail: true, limit: AT_ONCE / 5 } : { offset: Math.max(0, at - BLOCK / 16), limit: AT_ONCE };
    const page = await this.ask(question, signal);
    if (signal.aborted) return;
    this.change({ ...facts(page), lines: page.lines, start: page.start, end: page.end, opened: true });
  }

  private async newer(signal: AbortSignal) {
    const page = await this.ask({ offset: this.reading.end, limit: AT_ONCE }, signal);
    if (signal.aborted) return;
    if (page.lines.length === 0 && page.end === this.reading.end && same(this.reading, page)) return;
    const all = page.lines.length ? [...this.reading.lines, ...page.lines] : this.reading.lines;
    const lines = all.length > MOST && this.view.end ? all.slice(all.length - MOST) : all;
    const start = lines === all ? this.reading.start : (lines[0]?.offset ?? this.reading.start);
    this.change({ ...facts(page), lines, start, end: page.end });
  }

  /** The stretch before the first line. A block may lie within one huge line: then a larger one is tried. */
  private async older(signal: AbortSignal) {
    const start = this.reading.start;
    for (let block = BLOCK; ; block *= 8) {
      const from = Math.max(0, start - block);
      let at = from;
      let first = start;
      const found: LogLine[] = [];
      while (at < start) {
        const page = await this.ask({ offset: at, limit: AT_ONCE }, signal);
        if (signal.aborted) return;
        if (at === from) first = page.start;
        found.push(...page.lines.filter((line) => line.offset < start));
        if (page.end <= at) break;
        at = page.end;
      }
      if (first >= start && from > 0) continue;
      const all = [...found, ...this.reading.lines];
      const lines = all.slice(0, MOST);
      const cut = lines.length < all.length;
      const end = cut ? (all[MOST]?.offset ?? this.reading.end) : this.reading.end;
      this.change({ lines, start: Math.min(first, start), end, more: this.reading.more || cut });
      return;
    }
  }

  private change(some: Partial<Reading>) {
    this.reading = { ...this.reading, ...some };
    this.tell();
  }

  private tell() {
    for (const listener of this.listeners) listener();
  }
}

function facts(page: LogPage): Pick<Reading, "size" | "more" | "live"> {
  return { size: page.size, more: page.more, live: page.live };
}

function same(reading: Reading, page: LogPage): boolean {
  return reading.size === page.size && reading.more === page.more && reading.live === page.live;
}
