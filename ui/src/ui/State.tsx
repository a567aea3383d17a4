import { type CSSProperties, memo } from "react";
import { lookOf } from "./marks";

const colour = (token: string) => ({ "--mark": `var(--${token})` }) as CSSProperties;

/** The shape of a state. It is named for screen readers unless its word stands beside it (`bare`). */
export const Mark = memo(function Mark({
  state,
  size = 14,
  bare = false,
}: {
  state: string;
  size?: number;
  bare?: boolean;
}) {
  const look = lookOf(state);
  return (
    <svg
      className={`mark${state === "running" ? " turning" : ""}`}
      style={colour(look.token)}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      role={bare ? undefined : "img"}
      aria-label={bare ? undefined : look.label}
      aria-hidden={bare}
    >
      {look.fill && <path className="fill" d={look.fill} />}
      {look.stroke && <path className="stroke" d={look.stroke} />}
      {look.ink && <path className="ink" d={look.ink} />}
    </svg>
  );
});

/** The shape of a state with its word. */
export function State({ state, size }: { state: string; size?: number }) {
  const look = lookOf(state);
  return (
    <span className="state" style={colour(look.token)}>
      <Mark state={state} size={size} bare />
      <span className={`word${look.token === "pending" ? " pale" : ""}`}>{look.label}</span>
    </span>
  );
}
