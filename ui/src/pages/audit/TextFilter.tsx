import { useEffect, useState } from "react";

/** A filter that is typed; it counts with Enter, or when the field is left. */
export function TextFilter({
  name,
  value,
  change,
  hint,
}: {
  name: string;
  value: string | undefined;
  change: (value: string | undefined) => void;
  hint?: string;
}) {
  const [typed, type] = useState(value ?? "");
  useEffect(() => type(value ?? ""), [value]);
  const take = () => typed.trim() !== (value ?? "") && change(typed.trim() || undefined);
  return (
    <input
      type="search"
      aria-label={name}
      placeholder={`${name}…`}
      title={hint}
      spellCheck={false}
      autoComplete="off"
      value={typed}
      onChange={(event) => {
        type(event.target.value);
        if (event.target.value === "") change(undefined);
      }}
      onBlur={take}
      onKeyDown={(event) => event.key === "Enter" && take()}
    />
  );
}

const WAYS = [
  ["", "done and refused"],
  ["1", "done"],
  ["0", "refused"],
] as const;

/** Only what was done, or only what was refused. */
export function OkFilter({
  value,
  change,
}: {
  value: string | undefined;
  change: (value: string | undefined) => void;
}) {
  return (
    <select aria-label="answer" value={value ?? ""} onChange={(event) => change(event.target.value || undefined)}>
      {WAYS.map(([way, word]) => (
        <option key={way} value={way}>
          {word}
        </option>
      ))}
    </select>
  );
}

export function okOf(value: string | undefined): boolean | undefined {
  return value === undefined ? undefined : value === "1";
}
