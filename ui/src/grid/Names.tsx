import { memo, type Ref } from "react";
import { length } from "~/ui/words";
import type { Line } from "./lines";
import { STRIP } from "./paint";

/** The names at the left, as many as are in view. */
export const Names = memo(function Names({
  ref,
  lines,
  from,
  to,
  width,
  scale,
  at,
  fold,
}: {
  ref: Ref<HTMLDivElement>;
  lines: readonly Line[];
  from: number;
  to: number;
  width: number;
  scale: number;
  at: number | undefined;
  fold: (group: string) => void;
}) {
  const first = Math.max(0, from - 8);
  return (
    <div className="grid-names" style={{ width }}>
      <div className="grid-corner" style={{ height: STRIP.whole }} aria-hidden>
        <span className="number" title="how long a full bar is">
          {scale > 0 && length(scale)}
        </span>
      </div>
      <div className="grid-window">
        <div ref={ref} className="grid-lines">
          {lines.slice(first, to).map((line, place) => (
            <Name key={line.id} line={line} at={first + place} here={first + place === at} fold={fold} />
          ))}
        </div>
      </div>
    </div>
  );
});

const Name = memo(function Name({
  line,
  at,
  here,
  fold,
}: {
  line: Line;
  at: number;
  here: boolean;
  fold: (group: string) => void;
}) {
  const indent = { paddingInlineStart: 10 + line.depth * 14 };
  const note = line.gone ? "only older versions have it" : line.mapped ? "mapped: one task an item" : undefined;
  return (
    // biome-ignore lint/a11y/useSemanticElements: the cells are painted; a table has nothing to hold them
    <div
      className={`grid-name${here ? " here" : ""}${line.gone ? " gone" : ""}`}
      role="row"
      aria-rowindex={at + 2}
      style={{ top: at * 22 }}
      tabIndex={-1}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: the cells are painted; a table has nothing to hold them */}
      <div role="rowheader" style={indent} title={note ? `${line.full} (${note})` : line.full} tabIndex={-1}>
        {line.group ? (
          <button type="button" tabIndex={-1} aria-expanded={!line.folded} onClick={() => fold(line.full)}>
            <span aria-hidden>{line.folded ? "▸" : "▾"}</span>
            <bdi>{line.name}</bdi>
            {line.folded && <small>{line.rows.length}</small>}
          </button>
        ) : (
          <>
            <bdi>{line.name}</bdi>
            {line.mapped && <small aria-hidden>[ ]</small>}
          </>
        )}
      </div>
    </div>
  );
});
