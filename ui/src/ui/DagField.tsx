import { useDeferredValue, useEffect, useId, useState } from "react";
import { $api } from "~/api/client";

/** A DAG by its id: what is typed is searched for; taken with Enter, by leaving the field, or from the list. */
export function DagField({
  value,
  change,
  label,
  id,
  required = false,
}: {
  value: string;
  change: (dag: string) => void;
  label?: string;
  id?: string;
  required?: boolean;
}) {
  const list = useId();
  const [typed, type] = useState(value);
  useEffect(() => type(value), [value]);
  const text = useDeferredValue(typed);
  const asked = $api.useQuery(
    "get",
    "/api/v1/dags",
    { params: { query: { text, runs: 0, limit: 20 } } },
    { placeholderData: (old: unknown) => old as never },
  );
  const names = asked.data?.items.map((item) => item.dag_id) ?? [];
  return (
    <>
      <input
        id={id}
        list={list}
        aria-label={label}
        placeholder={label ? `${label}…` : undefined}
        autoComplete="off"
        spellCheck={false}
        required={required}
        value={typed}
        onChange={(event) => {
          const next = event.target.value;
          type(next);
          if (next === "" || names.includes(next)) change(next);
        }}
        onBlur={() => typed !== value && change(typed.trim())}
        onKeyDown={(event) => event.key === "Enter" && change(typed.trim())}
      />
      <datalist id={list}>
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}
