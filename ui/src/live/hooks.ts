import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { now } from "~/ui/clock";
import type { LogEvent, Pulse } from "./event";
import { listen } from "./stream";

let pulse: Pulse = "waiting";

function hearPulse(changed: () => void): () => void {
  return listen((news) => {
    if (news.type !== "pulse") return;
    pulse = news.pulse;
    changed();
  });
}

/** Whether the page hears the server now. */
export function usePulse(): Pulse {
  return useSyncExternalStore(hearPulse, () => pulse);
}

/** Call `tell` for every event, as long as the component lives. */
export function useEvents(tell: (event: LogEvent) => void) {
  const newest = useRef(tell);
  newest.current = tell;
  useEffect(() => listen((news) => news.type === "event" && newest.current(news.event)), []);
}

/** The server's time, told again every `every` milliseconds; 0: only once, for what does not move. */
export function useNow(every = 1_000): number {
  const [at, setAt] = useState(now);
  useEffect(() => {
    if (!every) return;
    const timer = setInterval(() => setAt(now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return at;
}
