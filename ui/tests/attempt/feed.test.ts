import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LogLine, LogPage } from "~/api/schema";
import { Feed, MOST, type Question } from "~/pages/attempt/feed";
import { nextHit, Search } from "~/pages/attempt/hits";

/** A server that has a log of lines which are all `wide` bytes long. */
class Server {
  asked: Question[] = [];
  live = true;
  down = false;
  constructor(
    public count: number,
    readonly wide = 100,
  ) {}

  line(n: number): LogLine {
    return { offset: n * this.wide, t: "", stream: "out", msg: `line ${n}`, level: null, fields: null, cut: false };
  }

  ask = async (question: Question, signal?: AbortSignal): Promise<LogPage> => {
    this.asked.push(question);
    if (this.down) throw new TypeError("Failed to fetch");
    signal?.throwIfAborted();
    const first = question.tail
      ? Math.max(0, this.count - question.limit)
      : Math.min(this.count, Math.ceil((question.offset ?? 0) / this.wide));
    const last = Math.min(this.count, first + question.limit);
    const lines = Array.from({ length: last - first }, (_, n) => this.line(first + n));
    const size = this.count * this.wide;
    return {
      attempt_id: "1",
      run_id: "d@1",
      task_id: "t",
      map_index: null,
      attempt: 1,
      state: "running",
      size,
      start: first * this.wide,
      end: last * this.wide,
      more: last < this.count,
      live: this.live,
      lines,
    };
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const rest = (ms = 100) => vi.advanceTimersByTimeAsync(ms);
const whole = (feed: Feed) => {
  const { lines, start, end } = feed.now();
  expect(lines[0]?.offset ?? start).toBe(start);
  expect(lines.findIndex((line, n) => n > 0 && line.offset !== (lines[n - 1]?.offset ?? 0) + 100)).toBe(-1);
  expect((lines.at(-1)?.offset ?? end - 100) + 100).toBe(end);
};

describe("a feed", () => {
  it("begins at the end, and goes on with what comes", async () => {
    const server = new Server(3_000);
    const feed = new Feed(server.ask, "end");
    const stop = feed.subscribe(() => {});
    await rest();
    expect(feed.now().lines).toHaveLength(1_000);
    server.count += 7;
    await rest(1_000);
    expect(feed.now().lines.at(-1)?.msg).toBe("line 3006");
    whole(feed);
    stop();
  });

  it("asks less often where nothing comes, and not at all once nobody looks", async () => {
    const server = new Server(10);
    const feed = new Feed(server.ask, "end");
    const stop = feed.subscribe(() => {});
    await rest(60_000);
    expect(server.asked.length).toBeLessThan(20);
    expect(server.asked.length).toBeGreaterThan(8);
    stop();
    const asked = server.asked.length;
    await rest(60_000);
    expect(server.asked).toHaveLength(asked);
  });

  it("ends when the attempt has ended and all is read", async () => {
    const server = new Server(10);
    server.live = false;
    const feed = new Feed(server.ask, "end");
    feed.subscribe(() => {});
    await rest(60_000);
    expect(server.asked).toHaveLength(1);
    expect(feed.now().live).toBe(false);
  });

  it("reads what lies before where somebody looks there", async () => {
    const server = new Server(9_000);
    const feed = new Feed(server.ask, "end");
    feed.subscribe(() => {});
    await rest();
    feed.look(true, false);
    await rest();
    expect(feed.now().start).toBe(0);
    expect(feed.now().lines).toHaveLength(9_000);
    whole(feed);
  });

  it("finds what lies before a line that is longer than a block", async () => {
    const server = new Server(5, 1_000_000);
    const feed = new Feed(async (question, signal) => {
      const page = await server.ask(question, signal);
      return question.tail ? { ...page, start: 4_000_000, lines: page.lines.slice(-1) } : page;
    }, "end");
    feed.subscribe(() => {});
    await rest();
    expect(feed.now().start).toBe(4_000_000);
    feed.look(true, false);
    await rest(500);
    expect(feed.now().start).toBe(0);
    expect(feed.now().lines.map((line) => line.msg)).toEqual(["line 0", "line 1", "line 2", "line 3", "line 4"]);
  });

  it("begins around a line that is asked for", async () => {
    const server = new Server(300_000);
    const feed = new Feed(server.ask, 20_000_000);
    feed.subscribe(() => {});
    feed.look(false, false);
    await rest(0);
    const { start, end } = feed.now();
    expect(start).toBeLessThan(20_000_000);
    expect(end).toBeGreaterThan(20_000_000);
    whole(feed);
  });

  it("holds so many lines and no more while a log grows fast", async () => {
    const server = new Server(0);
    const feed = new Feed(server.ask, "end");
    feed.subscribe(() => {});
    for (let n = 0; n < 50; n++) {
      server.count += 5_000;
      await rest(1_000);
    }
    expect(feed.now().lines).toHaveLength(MOST);
    expect(feed.now().lines.at(-1)?.msg).toBe("line 249999");
    whole(feed);
    feed.look(true, false);
    await rest(100);
    expect(feed.now().lines.length).toBeLessThanOrEqual(MOST);
    expect(feed.now().start).toBeLessThan(15_000_000);
    whole(feed);
    feed.look(false, true);
    await rest(2_000);
    expect(feed.now().lines.at(-1)?.msg).toBe("line 249999");
    whole(feed);
  });

  it("keeps what it has while the server is away, says so, and goes on by itself", async () => {
    const server = new Server(10);
    const feed = new Feed(server.ask, "end");
    feed.subscribe(() => {});
    await rest();
    server.down = true;
    await rest(5_000);
    expect(feed.now().trouble).toBeInstanceOf(TypeError);
    expect(feed.now().lines).toHaveLength(10);
    server.down = false;
    server.count = 12;
    await rest(10_000);
    expect(feed.now().trouble).toBeNull();
    expect(feed.now().lines).toHaveLength(12);
  });

  it("goes on after it was left and taken up again", async () => {
    const server = new Server(10);
    const feed = new Feed(server.ask, "end");
    feed.subscribe(() => {})();
    const stop = feed.subscribe(() => {});
    await rest();
    expect(feed.now().lines).toHaveLength(10);
    stop();
    server.count = 11;
    feed.subscribe(() => {});
    await rest(1_000);
    expect(feed.now().lines).toHaveLength(11);
  });
});

describe("a search", () => {
  it("goes through the whole log, and through what has come since", async () => {
    const server = new Server(12_000);
    server.live = false;
    const search = new Search("line", (offset, limit, signal) => server.ask({ offset, limit }, signal));
    search.subscribe(() => {});
    await rest();
    expect(search.now().offsets).toHaveLength(12_000);
    expect(search.now().searching).toBe(false);
    server.count = 12_001;
    search.grow(1_200_100);
    await rest();
    expect(search.now().offsets.at(-1)).toBe(1_200_000);
  });

  it("stops counting at some number, and says that there may be more", async () => {
    const server = new Server(100_000);
    const search = new Search("line", (offset, limit, signal) => server.ask({ offset, limit }, signal));
    search.subscribe(() => {});
    await rest();
    expect(search.now()).toMatchObject({ full: true, searching: false });
    expect(search.now().offsets).toHaveLength(20_000);
  });

  it("asks nothing for nothing", async () => {
    const server = new Server(10);
    new Search("", (offset, limit, signal) => server.ask({ offset, limit }, signal)).subscribe(() => {});
    await rest();
    expect(server.asked).toHaveLength(0);
  });
});

describe("the next hit", () => {
  it("is the next one behind or before, round at the ends", () => {
    const all = [10, 20, 30];
    expect(nextHit(all, null, false)).toBe(10);
    expect(nextHit(all, null, true)).toBe(30);
    expect(nextHit(all, 10, false)).toBe(20);
    expect(nextHit(all, 15, true)).toBe(10);
    expect(nextHit(all, 30, false)).toBe(10);
    expect(nextHit(all, 10, true)).toBe(30);
    expect(nextHit([], null, false)).toBeNull();
  });
});
