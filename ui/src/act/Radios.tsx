import { type ReactNode, useId } from "react";

/** One of a few, each with what it means. */
export function Radios<T extends string>({
  title,
  options,
  at,
  pick,
  children,
}: {
  title: string;
  options: readonly (readonly [T, string, string])[];
  at: T;
  pick: (value: T) => void;
  children?: ReactNode;
}) {
  const name = useId();
  return (
    <fieldset className="act-radios">
      <legend>{title}</legend>
      {options.map(([value, says, hint]) => (
        <label key={value} className="act-tick">
          <input type="radio" name={name} checked={value === at} onChange={() => pick(value)} />
          <span>
            {says}
            {hint && <small> {hint}</small>}
          </span>
        </label>
      ))}
      {children}
    </fieldset>
  );
}
