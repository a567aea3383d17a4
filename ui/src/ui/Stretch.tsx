import { type ReactNode, useEffect, useRef, useState } from "react";

const NEAR = 1_500; // pixels beyond the window: a quick scroll finds the rows there

/** Some rows of a long table. Far from what is in view nothing is left of them but their height, unless the focus is in them. */
export function Stretch({
  columns,
  near,
  children,
}: {
  columns: number;
  /** Is told whether they are drawn. */
  near: (drawn: boolean) => void;
  children: ReactNode;
}) {
  const ref = useRef<HTMLTableSectionElement>(null);
  const [height, setHeight] = useState<number | null>(null); // null: drawn
  const told = useRef(near);
  told.current = near;
  useEffect(() => {
    const body = ref.current;
    if (!body) return;
    const watch = new IntersectionObserver(
      ([entry]) => {
        if (!entry) return;
        const drawn = entry.isIntersecting || body.contains(document.activeElement);
        setHeight(drawn ? null : entry.boundingClientRect.height);
        told.current(drawn);
      },
      { rootMargin: `${NEAR}px` },
    );
    watch.observe(body);
    return () => {
      watch.disconnect();
      told.current(false);
    };
  }, []);
  return (
    <tbody ref={ref}>
      {height === null ? (
        children
      ) : (
        <tr aria-hidden>
          <td colSpan={columns} style={{ height, padding: 0 }} />
        </tr>
      )}
    </tbody>
  );
}
