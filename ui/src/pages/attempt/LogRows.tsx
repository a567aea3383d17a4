import { createContext, type KeyboardEvent, memo, useContext, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { LogLine } from "~/api/schema";
import { copyText } from "~/ui/copy";
import { rowsIn } from "~/ui/rows";
import { moment } from "~/ui/time";
import { say } from "~/ui/toast";
import { useBox } from "~/ui/useRows";
import type { Span } from "./ansi";
import type { Feed, Reading } from "./feed";
import { indexOf, type Places as Layout, lineAt, placesOf, rowsOf } from "./paper";

const HIGH = 18; // pixels of a row; log.css says the same
const STEP = 8; // rows of scrolling after which it is drawn anew
const NEAR = 60; // rows from an edge at which what lies beyond is asked for
const SMALL = 4 << 20; // bytes of a log that is loaded whole, so that its lines have numbers

export interface Looks {
  readonly times: boolean;
  readonly wrap: boolean;
  readonly zone: string;
  readonly wanted: string;
  readonly numbers: boolean;
}

/** Whose lines these are, and what happens where one of them is picked. */
export const Places = createContext({ attempt: "", pick: (_offset: number) => {} });

interface Props {
  feed: Feed;
  reading: Reading;
  looks: Looks;
  line: number | null;
  follow: boolean;
  setFollow: (follow: boolean) => void;
  label: string;
}

/** The lines in view, out of however many. */
export function LogRows({ feed, reading, looks, line, follow, setFollow, label }: Props) {
  const ref = useRef<HTMLDivElement>(null);
  const box = useBox(ref, STEP * HIGH);
  const sign = useSign(ref);
  const gutter = 19 + (looks.times ? 14 : 0);
  const columns = looks.wrap ? Math.max(20, Math.floor((box.width - 24) / sign) - gutter) : 0;
  const kept = useRef<Layout | undefined>(undefined);
  const places = useMemo(() => {
    kept.current = placesOf(reading.lines, columns, kept.current);
    return kept.current;
  }, [reading.lines, columns]);
  const total = places.tops.at(-1) ?? 0;
  const scrolled = useScrolling(ref, { feed, reading, places, line, follow, setFollow });
  const { from, to } = rowsIn(box.top, box.height + STEP * HIGH, HIGH, total, 12);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a stretch that scrolls must be reachable by the keyboard
    <div
      ref={ref}
      className={`log-view${looks.times ? " times" : ""}${looks.wrap ? " wrap" : ""}`}
      role="region"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
      tabIndex={0}
      onScroll={scrolled}
    >
      <span className="log-measure" aria-hidden="true">
        {"0".repeat(50)}
      </span>
      <div className="log-paper" style={{ height: total * HIGH }}>
        <div style={{ transform: `translateY(${from * HIGH}px)` }}>
          <Drawn places={places} from={from} to={to} looks={looks} start={reading.start} picked={line} />
        </div>
      </div>
    </div>
  );
}

/** How wide one sign is, in pixels. */
function useSign(ref: React.RefObject<HTMLElement | null>): number {
  const [sign, setSign] = useState(7.2);
  useLayoutEffect(() => {
    const width = ref.current?.querySelector(".log-measure")?.getBoundingClientRect().width;
    if (width) setSign(width / 50);
  }, [ref]);
  return sign;
}

type Scrolling = Pick<Props, "feed" | "reading" | "line" | "follow" | "setFollow"> & { places: Layout };

/** Keeps what is read where it is while lines come and go; follows the end; goes to a line. Gives what to do on scroll. */
function useScrolling(ref: React.RefObject<HTMLDivElement | null>, all: Scrolling) {
  const { feed, reading, places, line, follow, setFollow } = all;
  const anchor = useRef({ offset: 0, rest: 0 });
  const last = useRef({ top: 0, height: 0 });
  const done = useRef<{ feed: Feed; line: number | null; tries: number } | null>(null);

  const note = () => {
    const box = ref.current;
    if (!box) return;
    const row = Math.floor(box.scrollTop / HIGH);
    const index = lineAt(places, row);
    anchor.current = {
      offset: places.lines[index]?.offset ?? 0,
      rest: box.scrollTop - (places.tops[index] ?? 0) * HIGH,
    };
    last.current = { top: box.scrollTop, height: box.scrollHeight };
    const above = box.scrollTop / HIGH < NEAR || reading.size < SMALL;
    feed.look(above, follow || (box.scrollHeight - box.scrollTop - box.clientHeight) / HIGH < NEAR);
  };

  useLayoutEffect(() => {
    const box = ref.current;
    if (!box || !reading.opened) return;
    const before = done.current;
    if (before?.feed !== feed || before.line !== line) {
      if (line !== null && (line < reading.start || line >= reading.end) && (before?.tries ?? 0) < 2) {
        done.current = { feed, line: null, tries: (before?.tries ?? 0) + 1 };
        feed.open(line);
        return;
      }
      done.current = { feed, line, tries: 0 };
      if (line !== null) box.scrollTop = (places.tops[indexOf(places.lines, line)] ?? 0) * HIGH - box.clientHeight / 3;
      else if (before?.feed !== feed) box.scrollTop = follow || reading.start > 0 ? box.scrollHeight : 0;
    } else if (follow) box.scrollTop = box.scrollHeight;
    else {
      const index = Math.max(0, indexOf(places.lines, anchor.current.offset));
      const top = (places.tops[index] ?? 0) * HIGH + anchor.current.rest;
      if (Math.abs(top - box.scrollTop) > 1) box.scrollTop = top;
    }
    note();
  });

  return () => {
    const box = ref.current;
    if (!box) return;
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 2 * HIGH;
    const up = box.scrollTop < last.current.top - 2 && box.scrollHeight === last.current.height;
    if (follow && up && !atEnd) setFollow(false);
    else if (!follow && atEnd && reading.live && !reading.more && box.scrollTop > last.current.top) setFollow(true);
    note();
  };
}

interface DrawnProps {
  places: Layout;
  from: number;
  to: number;
  looks: Looks;
  start: number;
  picked: number | null;
}

function Drawn({ places, from, to, looks, start, picked }: DrawnProps) {
  const shown: React.ReactNode[] = [];
  if (places.lines.length === 0) return null;
  for (let index = lineAt(places, from); index < places.lines.length; index++) {
    const top = places.tops[index] ?? 0;
    if (top >= to) break;
    const line = places.lines[index];
    if (!line) break;
    shown.push(
      <Lines
        key={line.offset}
        line={line}
        number={start === 0 && looks.numbers ? index + 1 : null}
        first={Math.max(0, from - top)}
        last={to - top}
        columns={places.columns}
        looks={looks}
        picked={line.offset === picked}
      />,
    );
  }
  return shown;
}

interface LinesProps {
  line: LogLine;
  number: number | null;
  first: number;
  last: number;
  columns: number;
  looks: Looks;
  picked: boolean;
}

/** The rows of one line that are in view. */
const Lines = memo(function Lines({ line, number, first, last, columns, looks, picked }: LinesProps) {
  const rows = useMemo(() => rowsOf(line, columns, looks.wanted), [line, columns, looks.wanted]);
  const sort = sortOf(line);
  return rows.slice(first, last).map((row, i) => {
    const at = first + i;
    return (
      <div key={at} className={`log-row ${sort}${picked ? " picked" : ""}`}>
        {at === 0 ? <Place line={line} number={number} picked={picked} /> : <span className="log-number" />}
        {looks.times && (
          <span className="log-time">
            {at === 0 && line.t ? moment(line.t, looks.zone, "second", false).slice(11) : ""}
          </span>
        )}
        <span className="log-sort">{at === 0 ? wordOf(line) : ""}</span>
        <bdi className="log-text">
          <Spans of={row.spans} />
          {row.rest > 0 && <em> … {row.rest} characters more: “wrap” shows them</em>}
          {line.cut && at === rows.length - 1 && <em> ✂ cut here: the line is longer than what is shown</em>}
        </bdi>
      </div>
    );
  });
});

/** The text of a row in its colours. */
export function Spans({ of }: { of: readonly Span[] }) {
  return of.map((span, n) =>
    span.look ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: spans have no other name
      <span key={n} className={span.look}>
        {span.text}
      </span>
    ) : (
      span.text
    ),
  );
}

/** By what the style sheet tells lines apart. */
export function sortOf(line: LogLine): string {
  if (line.stream !== "log") return `from-${line.stream}`;
  return `level-${(line.level ?? "").toLowerCase()}`;
}

function wordOf(line: LogLine): string {
  if (line.stream === "log") return line.level ?? "log";
  if (line.stream === "damaged") return "damaged";
  return line.stream === "segue" ? "segue" : line.stream === "err" ? "stderr" : "";
}

/** The number of a line is its address; a click takes it along. */
function Place({ line, number, picked }: { line: LogLine; number: number | null; picked: boolean }) {
  const { attempt, pick } = useContext(Places);
  const address = `/attempts/${attempt}?line=${line.offset}`;
  return (
    <a
      href={address}
      className="log-number"
      title="the address of this line; a click copies it"
      aria-label={`line ${number ?? `at byte ${line.offset}`}`}
      aria-current={picked ? "true" : undefined}
      tabIndex={picked ? 0 : -1}
      onKeyDown={stepOn}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        pick(line.offset);
        void copyText(location.origin + address).then(() => say("the address of the line is copied"));
      }}
    >
      {number ?? `@${line.offset}`}
    </a>
  );
}

function stepOn(event: KeyboardEvent<HTMLElement>) {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  const all = step ? [...(event.currentTarget.closest(".log-paper")?.querySelectorAll("a.log-number") ?? [])] : [];
  const next = all[all.indexOf(event.currentTarget) + step];
  if (!(next instanceof HTMLElement)) return;
  event.preventDefault();
  next.focus();
}
