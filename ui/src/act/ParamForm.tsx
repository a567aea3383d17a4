import { Field } from "~/ui/parts";
import type { ParamField } from "./params";

/** A form made of a DAG's params; `texts` are those that somebody has touched. */
export function ParamForm({
  fields,
  texts,
  wrong,
  tell,
}: {
  fields: readonly ParamField[];
  texts: Readonly<Record<string, string>>;
  wrong: Readonly<Record<string, string>>;
  tell: (name: string, text: string) => void;
}) {
  if (!fields.length) return null;
  return (
    <fieldset className="act-params">
      <legend>Params</legend>
      {fields.map((field) => (
        <One
          key={field.name}
          field={field}
          text={texts[field.name] ?? field.initial}
          wrong={wrong[field.name]}
          tell={(text) => tell(field.name, text)}
        />
      ))}
    </fieldset>
  );
}

interface Filling {
  readonly field: ParamField;
  readonly text: string;
  readonly tell: (text: string) => void;
}

function One({ wrong, ...filling }: Filling & { wrong?: string }) {
  const { field, text, tell } = filling;
  if (field.kind === "tick")
    return (
      <label className="act-tick">
        <input type="checkbox" checked={text === "true"} onChange={(event) => tell(String(event.target.checked))} />
        <span>
          <bdi>{field.name}</bdi>
          {field.description && <small> {field.description}</small>}
          {wrong && <small className="wrong"> {wrong}</small>}
        </span>
      </label>
    );
  const label = (
    <>
      <bdi>{field.name}</bdi> <small className="act-type">{field.type}</small>
      {field.required && <small> needed</small>}
    </>
  );
  return (
    <Field label={label} hint={hintOf(field)} error={wrong}>
      {(id) => <Entry id={id} {...filling} />}
    </Field>
  );
}

function hintOf({ description, kind, min, max, nullable, required }: ParamField): string {
  const limits = [min === undefined ? "" : `at least ${min}`, max === undefined ? "" : `at most ${max}`].filter(
    Boolean,
  );
  const form =
    { json: "written as JSON", lines: "one a line", secret: "kept encrypted, never shown" }[kind as string] ?? "";
  const empty = nullable && kind !== "json" && !required ? "empty: none" : "";
  return [description, limits.join(", "), form, empty].filter(Boolean).join(" · ");
}

function Entry({ id, field, text, tell }: Filling & { id: string }) {
  const plain = { id, value: text, required: field.required, autoComplete: "off" };
  const onChange = (event: { target: { value: string } }) => tell(event.target.value);
  switch (field.kind) {
    case "choice":
      return (
        <select {...plain} onChange={onChange}>
          {text === "" && <option value="">choose …</option>}
          {field.nullable && <option value="null">none</option>}
          {field.choices
            .filter(([json]) => json !== "null")
            .map(([json, shown]) => (
              <option key={json} value={json}>
                {shown}
              </option>
            ))}
        </select>
      );
    case "number":
      return <input {...plain} inputMode="decimal" spellCheck={false} onChange={onChange} />;
    case "date":
      return (
        <input {...plain} placeholder="2026-11-04" pattern="\d{4}-\d\d-\d\d" spellCheck={false} onChange={onChange} />
      );
    case "lines":
    case "json":
      return (
        <textarea
          {...plain}
          className="act-code"
          rows={Math.min(8, Math.max(2, text.split("\n").length))}
          spellCheck={false}
          onChange={onChange}
        />
      );
    case "secret":
      return <input {...plain} type="password" autoComplete="new-password" onChange={onChange} />;
    default:
      return <input {...plain} maxLength={field.longest} spellCheck={false} onChange={onChange} />;
  }
}
