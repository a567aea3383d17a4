import { useNavigate } from "@tanstack/react-router";
import { type CSSProperties, type KeyboardEvent, type MouseEvent, memo } from "react";
import type { Mark as Run } from "~/api/schema";
import { useNow } from "~/live/hooks";
import { lookOf } from "./marks";
import { Mark } from "./State";
import { barsOf, moved } from "./spark";
import "./spark.css";

/**
 * The newest runs of a DAG as bars: height is duration, colour and shape are the state (a good run is a plain bar).
 * One stop of the Tab key: arrows go from run to run, up and down from DAG to DAG.
 */
export const Spark = memo(function Spark({ dag, marks }: { dag: string; marks: readonly Run[] }) {
  const navigate = useNavigate();
  const now = useNow(marks.some((mark) => mark.state === "running") ? 2_000 : 0);
  const bars = barsOf(marks, now);
  if (!bars.length) return <span className="none">no runs yet</span>;
  const open = (event: MouseEvent<HTMLElement>) => {
    const link = (event.target as Element).closest("a");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    void navigate({ href: link.getAttribute("href") ?? "" });
  };
  return (
    <nav className="spark" aria-label={`newest runs of ${dag}`} onClick={open} onKeyDown={step}>
      {bars.map((bar, index) => (
        <a
          key={bar.run}
          href={`/runs/${encodeURIComponent(bar.run)}`}
          tabIndex={index === bars.length - 1 ? 0 : -1}
          className={bar.state}
          style={{ "--mark": `var(--${lookOf(bar.state).token})`, "--height": bar.height } as CSSProperties}
          aria-label={bar.label}
          title={bar.label}
        >
          {bar.state !== "success" && <Mark state={bar.state} size={9} bare />}
        </a>
      ))}
    </nav>
  );
});

/** Arrows move the focus; the bar that has it is the stop of the Tab key from then on. */
function step(event: KeyboardEvent<HTMLElement>) {
  const spark = event.currentTarget;
  const links = [...spark.querySelectorAll("a")];
  const at = links.indexOf(event.target as HTMLAnchorElement);
  const place = moved(event.key, at, links.length);
  const row = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
  const next = row ? beside(spark, row, links.length - 1 - at) : place === null ? null : links[place];
  if (!next) return;
  event.preventDefault();
  if (!row) for (const link of links) link.tabIndex = link === next ? 0 : -1;
  next.focus();
}

/** The run of the spark above or below that is as new as this one. */
function beside(spark: HTMLElement, row: number, fromEnd: number): HTMLElement | null {
  const sparks = [...document.querySelectorAll(".spark")];
  const links = sparks[sparks.indexOf(spark) + row]?.querySelectorAll("a");
  return links?.[Math.max(0, links.length - 1 - fromEnd)] ?? null;
}
