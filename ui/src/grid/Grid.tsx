import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { onTheme } from "~/ui/colors";
import { Cell, cellText, taskOf } from "./Cell";
import "./grid.css";
import { above, besides, type CellPlace, pixels, placeOf, widthOf } from "./layout";
import type { Line } from "./lines";
import { Names } from "./Names";
import { type Picture, paint, STRIP } from "./paint";
import type { Column } from "./sheet";
import { lasted, scaleOf, ticksOf } from "./ticks";
import { Tiles } from "./tiles";
import { arrived, boxOf, leftAfter, linesIn, type Place, placeAt, reveal, step, type View, wholeOf } from "./view";

const WIDE = 18;
const HIGH = 22;
const ROOM = 46; // of a label
const AHEAD = 600; // pixels before the left end at which older runs are asked for
const CHUNK = 8; // lines that the names are drawn beyond what is in view

export interface GridProps {
  readonly lines: readonly Line[];
  readonly columns: readonly Column[];
  readonly letters: Readonly<Record<string, string>>;
  /** Of each column, as `2026-11-03 06:00`. */
  readonly stamps: readonly string[];
  readonly now: number;
  /** Another one is another question: what is shown starts at the newest again. */
  readonly question: string;
  readonly older?: { more: boolean; loading: boolean; load: () => void };
  fold: (group: string) => void;
  /** The small card beside a cell. */
  card: (line: Line | null, column: Column) => ReactNode;
}

/** Runs × tasks: a canvas, with names, and the cell that is pointed at or has the focus, as elements over it. */
export function Grid(props: GridProps) {
  const { lines, columns } = props;
  const navigate = useNavigate();
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const sheet = useRef<HTMLDivElement>(null); // moves with the lines
  const held = useRef<HTMLAnchorElement>(null); // the cell that has the focus, or would have it
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [from, setFrom] = useState(0);
  const [hover, setHover] = useState<Place | null>(null);
  const [focus, setFocus] = useState<CellPlace | null>(null);
  const [keyed, setKeyed] = useState(false);
  const scroll = useRef({ left: 0, top: 0 });
  const names = useMemo(() => widthOf(lines, size.width), [lines, size.width]);
  const ticks = useMemo(() => ticksOf(props.stamps, WIDE, ROOM), [props.stamps]);
  const going = columns.some((one) => one.seconds == null && one.started_at);
  const now = going ? props.now : 0;
  const scale = useMemo(() => scaleOf(columns.map((one) => lasted(one, now))), [columns, now]);
  const dense = devicePixelRatio;
  const viewNow = useCallback(
    (): View => ({
      names,
      strip: STRIP.whole,
      wide: WIDE,
      high: HIGH,
      lines: lines.length,
      columns: columns.length,
      ...size,
      ...scroll.current,
    }),
    [names, lines, columns, size],
  );

  // What has the focus is known by name, so that runs that come do not move it.
  const at = useMemo(() => placeOf(focus, lines, columns), [focus, lines, columns]);
  const column = columns[at.column];

  const tiles = useRef(new Tiles());
  const painted = useRef(false);
  const asked = useRef(0); // frames are painted once, however often they are asked for
  const picture = useRef<() => Picture & { at: Place }>(null);
  picture.current = () => ({
    view: viewNow(),
    lines,
    columns,
    letters: props.letters,
    ticks,
    scale,
    hover,
    at,
    now,
    dense,
  });
  const draw = useCallback(() => {
    asked.current ||= requestAnimationFrame(() => {
      asked.current = 0;
      const ink = canvas.current?.getContext("2d", { alpha: false });
      const shown = picture.current?.();
      if (!ink || !shown?.view.width) return;
      paint(ink, tiles.current, shown);
      if (!painted.current) performance.mark("grid-painted"); // the first paint is measured
      painted.current = true;
      sheet.current?.style.setProperty("transform", `translateY(${-shown.view.top}px)`);
      if (held.current) Object.assign(held.current.style, pixels(boxOf(shown.view, shown.at), shown.view));
    });
  }, []);

  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const measure = () => setSize({ width: box.clientWidth, height: box.clientHeight });
    const watch = new ResizeObserver(measure);
    watch.observe(box);
    measure();
    return () => watch.disconnect();
  }, []);
  useEffect(() => onTheme(draw), [draw]);
  useEffect(
    () => () => {
      cancelAnimationFrame(asked.current);
      asked.current = 0;
    },
    [],
  );
  useEffect(draw); // whatever is rendered anew is painted anew

  // Runs come at both ends; what is looked at stays where it is.
  const had = useRef({ question: "", runs: [] as readonly number[] });
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box || !size.width) return;
    const runs = columns.map((one) => one.number);
    const before = had.current;
    had.current = { question: props.question, runs };
    if (before.question !== props.question || !before.runs.length) box.scrollLeft = columns.length * WIDE;
    else {
      const { older, newer } = arrived(before.runs, runs, Math.floor(scroll.current.left / WIDE));
      if (older || newer) box.scrollLeft = leftAfter(viewNow(), older, newer);
    }
    scroll.current = { left: box.scrollLeft, top: box.scrollTop };
  }, [columns, props.question, size.width, viewNow]);

  // Four pages at most until somebody scrolls again: a filter that fits nothing does not read all history.
  const { more, loading, load } = props.older ?? { more: false, loading: false, load: () => undefined };
  const spent = useRef(0);
  const wish = useCallback(() => {
    if (!more || loading || scroll.current.left > AHEAD || spent.current >= 4) return;
    spent.current += 1;
    load();
  }, [more, loading, load]);
  useEffect(() => {
    if (size.width) wish();
  });

  const onScroll = () => {
    const box = scroller.current;
    if (!box) return;
    scroll.current = { left: box.scrollLeft, top: box.scrollTop };
    draw();
    if (hover) setHover(null);
    setFrom(Math.floor(linesIn(viewNow()).first / CHUNK) * CHUNK);
    spent.current = 0;
    wish();
  };
  const show = (place: Place) => {
    const box = scroller.current;
    if (!box) return;
    const target = reveal(viewNow(), place);
    box.scrollTo({ ...target, behavior: "instant" });
    scroll.current = { left: box.scrollLeft, top: box.scrollTop };
    setFocus({
      run: columns[place.column]?.number ?? 0,
      line: place.line < 0 ? null : (lines[place.line]?.id ?? null),
    });
  };
  const onKey = (event: React.KeyboardEvent) => {
    const line = lines[at.line];
    if (event.key === " " && line?.group) {
      event.preventDefault();
      props.fold(line.full);
      return;
    }
    const next = event.ctrlKey || event.metaKey || event.altKey ? null : step(at, event.key, viewNow());
    if (!next) return;
    event.preventDefault();
    setKeyed(true);
    show(next);
  };
  const pointer = useRef([-1, -1]);
  const under = (event: React.MouseEvent) => {
    const box = scroller.current?.getBoundingClientRect();
    return box ? placeAt(viewNow(), event.clientX - box.left, event.clientY - box.top) : null;
  };
  const onPoint = (event: React.PointerEvent) => {
    const [x, y] = pointer.current;
    if (event.clientX === x && event.clientY === y) return; // the grid has moved, not the pointer
    pointer.current = [event.clientX, event.clientY];
    const next = under(event);
    setKeyed(false);
    if (next?.line !== hover?.line || next?.column !== hover?.column) setHover(next);
  };
  /** A finger points at nothing before it taps, so there is no link below it yet. */
  const onTap = (event: React.MouseEvent) => {
    const place = (event.target as Element).closest("a, button") ? null : under(event);
    const run = place && columns[place.column]?.run_id;
    if (run) void navigate({ to: "/runs/$run", params: { run }, search: taskOf(lines[place.line]) });
  };

  const view = viewNow();
  const whole = wholeOf(view);
  const told = keyed ? at : hover;
  const last = linesIn(view).stop + 2 * CHUNK;
  return (
    <div className="grid">
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the cell that has the focus is a link and does it by itself */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: likewise */}
      <div
        ref={scroller}
        className="grid-scroller"
        style={{ height: whole.height + 16 }}
        onScroll={onScroll}
        onPointerMove={onPoint}
        onClick={onTap}
        onPointerLeave={() => setHover(null)}
      >
        <div className="grid-space" style={{ width: whole.width, height: whole.height }}>
          {/* biome-ignore lint/a11y/useSemanticElements: a table of 73,000 cells is no table the page could hold */}
          <div
            className="grid-layer"
            role="grid"
            aria-label="runs and their tasks"
            aria-rowcount={lines.length + 1}
            aria-colcount={columns.length + 1}
            style={{ width: size.width, height: size.height }}
          >
            <canvas
              ref={canvas}
              aria-hidden
              width={Math.max(1, Math.round((size.width - names) * dense))}
              height={Math.max(1, Math.round(size.height * dense))}
              style={{ left: names, width: Math.max(0, size.width - names), height: size.height }}
            />
            <Names
              ref={sheet}
              lines={lines}
              from={from}
              to={last}
              width={names}
              scale={scale}
              at={told?.line}
              fold={props.fold}
            />
            <div className="grid-cells" style={{ left: names }}>
              {column && (
                <Cell
                  ref={held}
                  line={lines[at.line] ?? null}
                  column={column}
                  letters={props.letters}
                  box={pixels(boxOf(view, at), view)}
                  index={at}
                  onKey={onKey}
                  onFocus={() => show(at)}
                  onBlur={() => setKeyed(false)}
                />
              )}
              {hover && columns[hover.column] && (
                <Cell
                  line={lines[hover.line] ?? null}
                  column={columns[hover.column] as Column}
                  letters={props.letters}
                  box={pixels(boxOf(view, hover), view)}
                />
              )}
            </div>
          </div>
        </div>
      </div>
      {told && columns[told.column] && (
        <div
          className={`grid-card${above(boxOf(view, told), size) ? " above" : ""}`}
          style={besides(boxOf(view, told), size)}
        >
          {props.card(lines[told.line] ?? null, columns[told.column] as Column)}
        </div>
      )}
      <div className="sr" aria-live="polite">
        {keyed && column && cellText(lines[at.line] ?? null, column, props.letters)}
      </div>
    </div>
  );
}
