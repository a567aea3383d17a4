/**
 * One `EventSource` for all tabs of this browser.
 *
 * A browser opens six connections to a server; six tabs with a stream each would leave none for anything else. So the
 * tab that holds a lock listens and tells the others. Where there are no locks (plain HTTP to another machine) each tab
 * listens by itself.
 */
import { KINDS, type News } from "./event";

const NAME = "segue-live";
const ADDRESS = "/api/v1/events";

type Listener = (news: News) => void;

const listeners = new Set<Listener>();
let channel: BroadcastChannel | null = null;
let last: News = { type: "pulse", pulse: "waiting" };

/** Hear everything that the stream says, from now on. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  listener(last);
  return () => listeners.delete(listener);
}

function tell(news: News) {
  if (news.type === "pulse") last = news;
  for (const listener of listeners) listener(news);
}

/** Begin; what it gives ends it. */
export function connect(): () => void {
  const leaving = new AbortController();
  if (!navigator.locks || !("BroadcastChannel" in window)) return openSource(tell);
  channel = new BroadcastChannel(NAME);
  channel.onmessage = ({ data }: MessageEvent<News | "who">) => {
    if (data !== "who") tell(data);
  };
  channel.postMessage("who");
  navigator.locks.request(NAME, { signal: leaving.signal }, () => lead(leaving.signal)).catch(() => undefined); // left before it was our turn
  return () => {
    leaving.abort();
    channel?.close();
  };
}

/** Listen for all tabs, until this one goes. */
function lead(leaving: AbortSignal): Promise<void> {
  const others = channel;
  const close = openSource((news) => {
    tell(news);
    if (!leaving.aborted) others?.postMessage(news);
  });
  if (others)
    others.onmessage = ({ data }: MessageEvent<News | "who">) => {
      if (data === "who") others.postMessage(last);
    };
  return new Promise((resolve) =>
    leaving.addEventListener("abort", () => {
      close();
      resolve();
    }),
  );
}

/** An `EventSource` comes again by itself after a broken connection, but not after an answer that is no stream. */
function openSource(say: Listener): () => void {
  let source: EventSource | null = null;
  let again: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    source = new EventSource(ADDRESS);
    source.addEventListener("open", (opened) => {
      say({ type: "pulse", pulse: "open" });
      // The browser's own `open` tells of a connection, the server's of a stream: what was answered before it may be old.
      if (opened instanceof MessageEvent) say({ type: "reset" });
    });
    source.addEventListener("reset", () => say({ type: "reset" }));
    for (const kind of KINDS)
      source.addEventListener(kind, (message) => say({ type: "event", event: JSON.parse(message.data) }));
    source.onerror = () => {
      say({ type: "pulse", pulse: "waiting" });
      if (source?.readyState === EventSource.CLOSED) again = setTimeout(open, 2_000);
    };
  };
  open();
  return () => {
    clearTimeout(again);
    source?.close();
  };
}
