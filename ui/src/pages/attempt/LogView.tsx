import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { problemOf } from "~/api/problem";
import { Button, Empty } from "~/ui/parts";
import { bytes, many } from "~/ui/words";
import { useHits, useLog } from "./asking";
import type { Reading } from "./feed";
import { type Hits, nextHit } from "./hits";
import { LogRows, Places } from "./LogRows";
import "./log.css";

export const LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] as const;

/** What stands in the address of the page about the log. */
export interface Sought {
  readonly text?: string;
  readonly level?: string;
  readonly only?: string;
  readonly line?: string;
}

interface Props {
  attempt: string;
  label: string;
  sought: Sought;
  show: (change: Sought) => void;
  zone: string;
  ended: boolean; // no more can come
  good: boolean; // it did what it should: one reads from the beginning
  nothing: React.ReactNode; // what is said where there is no line
}

const PLACE = /^\d{1,13}$/;

/** The log of one attempt: live, searched, filtered. */
export function LogView({ attempt, label, sought, show, zone, ended, good, nothing }: Props) {
  const { text = "", level = "" } = sought;
  const line = sought.line && PLACE.test(sought.line) ? Number(sought.line) : null;
  const only = !!sought.only && !!text;
  const [follow, setFollow] = useState(line === null && !ended);
  const [times, setTimes] = useKept("log-times", false);
  const [wrap, setWrap] = useKept("log-wrap", false);
  const { feed, reading } = useLog(attempt, level, only ? text : "", line ?? (ended && good ? 0 : "end"));
  const { search, hits } = useHits(attempt, level, text);
  useEffect(() => search.grow(reading.size), [search, reading.size]);
  const step = (back: boolean) => {
    const next = nextHit(hits.offsets, line, back);
    if (next === null) return;
    setFollow(false);
    show({ line: String(next) });
  };
  return (
    <div className="log">
      <div className="log-bar">
        <Find text={text} step={step} show={show} />
        {text && <Found hits={hits} line={line} step={step} />}
        {text && (
          <Toggle on={only} set={(on) => show({ only: on ? "1" : undefined })}>
            only these
          </Toggle>
        )}
        <select
          aria-label="level at least"
          value={level}
          onChange={(event) => show({ level: event.target.value, line: undefined })}
        >
          <option value="">every line</option>
          {LEVELS.map((one) => (
            <option key={one} value={one}>
              {one} and above
            </option>
          ))}
        </select>
        <span className="log-toggles">
          <Toggle on={times} set={setTimes}>
            times
          </Toggle>
          <Toggle on={wrap} set={setWrap}>
            wrap
          </Toggle>
          {reading.live && (
            <Toggle
              on={follow}
              set={(on) => {
                setFollow(on);
                if (!on) return;
                show({ line: undefined });
                if (reading.more) feed.open("end");
              }}
            >
              follow
            </Toggle>
          )}
          <a className="button" href={`/api/v1/attempts/${attempt}/log.txt`} download>
            download
          </a>
        </span>
      </div>
      <Silence reading={reading} />
      {!reading.opened ? (
        <p className="log-opening">{reading.trouble ? "" : "The log is being read…"}</p>
      ) : reading.lines.length === 0 && !reading.more ? (
        level || only ? (
          <Empty>{level ? `No line of level ${level} or above` : `“${text}” stands in no line`} so far.</Empty>
        ) : (
          nothing
        )
      ) : (
        <Places value={{ attempt, pick: (offset) => show({ line: String(offset) }) }}>
          <LogRows
            feed={feed}
            reading={reading}
            looks={{ times, wrap, zone, wanted: text, numbers: !level && !only }}
            line={line}
            follow={follow && reading.live}
            setFollow={setFollow}
            label={label}
          />
        </Places>
      )}
      <Foot reading={reading} level={level} />
    </div>
  );
}

/** A choice that this browser remembers. */
function useKept(name: string, first: boolean): [boolean, (on: boolean) => void] {
  const [on, set] = useState(() => (localStorage.getItem(name) ?? String(first)) === "true");
  return [
    on,
    (next) => {
      localStorage.setItem(name, String(next));
      set(next);
    },
  ];
}

function Toggle({ on, set, children }: { on: boolean; set: (on: boolean) => void; children: React.ReactNode }) {
  return (
    <Button className="log-toggle" aria-pressed={on} onClick={() => set(!on)}>
      {children}
    </Button>
  );
}

/** Looks for what is typed once the typing rests; Enter goes on, with Shift back. `/` comes here from anywhere. */
function Find({ text, step, show }: { text: string; step: (back: boolean) => void; show: Props["show"] }) {
  const ref = useRef<HTMLInputElement>(null);
  const waits = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      const at = event.target as HTMLElement;
      if (event.key !== "/" || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)) return;
      event.preventDefault();
      ref.current?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  useEffect(() => () => clearTimeout(waits.current), []);
  const seek = () => {
    clearTimeout(waits.current);
    const typed = ref.current?.value ?? "";
    if (typed !== text) show({ text: typed || undefined, line: undefined });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter") return;
    if (ref.current?.value === text) step(event.shiftKey);
    else seek();
  };
  return (
    <input
      ref={ref}
      type="search"
      className="log-find"
      aria-label="find in the log"
      placeholder="find in the log   /"
      maxLength={500}
      defaultValue={text}
      onKeyDown={onKeyDown}
      onChange={() => {
        clearTimeout(waits.current);
        waits.current = setTimeout(seek, 300);
      }}
    />
  );
}

function Found({ hits, line, step }: { hits: Hits; line: number | null; step: (back: boolean) => void }) {
  const at = line === null ? -1 : hits.offsets.indexOf(line);
  const all = `${many(hits.offsets.length, "line")}${hits.full ? " or more" : hits.searching ? "…" : ""}`;
  return (
    <span className="log-hits" role="status">
      {at >= 0 ? `${at + 1} of ${all}` : all}
      <Button aria-label="previous hit" disabled={hits.offsets.length === 0} onClick={() => step(true)}>
        ↑
      </Button>
      <Button aria-label="next hit" disabled={hits.offsets.length === 0} onClick={() => step(false)}>
        ↓
      </Button>
    </span>
  );
}

/** The server does not answer: what is shown stays, and it is asked again. */
function Silence({ reading }: { reading: Reading }) {
  if (!reading.trouble) return null;
  const problem = problemOf(reading.trouble);
  return (
    <p className="log-silence" role="status">
      {problem.detail || problem.title} {reading.opened ? "What is shown may be old; " : ""}it is asked again by itself.
    </p>
  );
}

function Foot({ reading, level }: { reading: Reading; level: string }) {
  const part = reading.start > 0 || reading.end < reading.size;
  if (!reading.opened) return null;
  return (
    <p className="log-foot">
      {reading.live ? "● live · " : ""}
      {bytes(reading.size)}
      {reading.lines.length > 0 && ` · ${many(reading.lines.length, "line")}`}
      {part && ` here, bytes ${reading.start} to ${reading.end}; more is loaded as you scroll`}
      {level && " · lines that tell no level (print) are left out"}
    </p>
  );
}
