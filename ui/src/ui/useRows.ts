import { type RefObject, useLayoutEffect, useState } from "react";
import { type Rows, rowsIn } from "./rows";

interface Box {
  readonly top: number;
  readonly height: number;
  readonly width: number;
}

/** Where a scrolling element stands and how large it is, kept true; the place only to `step` pixels, to draw less often. */
export function useBox(ref: RefObject<HTMLElement | null>, step = 1): Box {
  const [box, setBox] = useState<Box>({ top: 0, height: 600, width: 800 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const read = () => {
      const top = Math.floor(element.scrollTop / step) * step;
      const next = { top, height: element.clientHeight, width: element.clientWidth };
      setBox((old) => (old.top === next.top && old.height === next.height && old.width === next.width ? old : next));
    };
    read();
    const size = new ResizeObserver(read);
    size.observe(element);
    element.addEventListener("scroll", read, { passive: true });
    return () => {
      size.disconnect();
      element.removeEventListener("scroll", read);
    };
  }, [ref, step]);
  return box;
}

/** The rows of a scrolling element that are drawn. */
export function useRows(ref: RefObject<HTMLElement | null>, row: number, count: number, spare?: number): Rows {
  const { top, height } = useBox(ref, row);
  return rowsIn(top, height + row, row, count, spare);
}
