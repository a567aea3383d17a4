/** Every line in which a text stands, through the whole log, also what has not been loaded: found by the server. */
import type { LogPage } from "~/api/schema";

export const MOST_HITS = 20_000;
const AT_ONCE = 5_000;

export interface Hits {
  readonly offsets: readonly number[];
  readonly searching: boolean;
  readonly full: boolean; // there may be more than are counted
}

const NONE: Hits = { offsets: [], searching: false, full: false };

export class Search {
  private hits: Hits;
  private at = 0;
  private readonly listeners = new Set<() => void>();
  private stopping = new AbortController();
  private busy = false;
  private size = 0;

  constructor(
    private readonly text: string,
    private readonly ask: (offset: number, limit: number, signal: AbortSignal) => Promise<LogPage>,
  ) {
    this.hits = { ...NONE, searching: text !== "" };
  }

  now = (): Hits => this.hits;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    if (this.listeners.size === 1) {
      this.stopping = new AbortController();
      this.busy = false;
      void this.go();
    }
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.stopping.abort();
    };
  };

  /** The log is as large as that now: what is new is looked through. */
  grow(size: number) {
    if (size <= this.size) return;
    this.size = size;
    if (this.listeners.size) void this.go();
  }

  private async go() {
    const { signal } = this.stopping;
    if (this.busy || !this.text || this.hits.full) return;
    this.busy = true;
    try {
      for (;;) {
        const page = await this.ask(this.at, AT_ONCE, signal);
        if (signal.aborted) return;
        this.at = page.end;
        const offsets = page.lines.length
          ? [...this.hits.offsets, ...page.lines.map((line) => line.offset)]
          : this.hits.offsets;
        const full = offsets.length >= MOST_HITS;
        this.hits = { offsets, searching: page.more && !full, full };
        for (const listener of this.listeners) listener();
        this.size = Math.max(this.size, page.size);
        if (full || !page.more) break;
      }
    } catch {
      // The feed says that the server does not answer; as soon as it grows again this goes on.
    } finally {
      if (!signal.aborted) this.busy = false;
    }
  }
}

/** The next hit behind a byte, or before it; round at the end. */
export function nextHit(offsets: readonly number[], at: number | null, back: boolean): number | null {
  if (offsets.length === 0) return null;
  if (at === null) return (back ? offsets.at(-1) : offsets[0]) ?? null;
  const found = back ? offsets.findLast((one) => one < at) : offsets.find((one) => one > at);
  return found ?? (back ? offsets.at(-1) : offsets[0]) ?? null;
}
