import type { DagItem } from "~/api/schema";
import { Typed } from "~/ui/Typed";
import { SORTS, STATES, suggestions, type Words } from "./filters";

/** Every filter that the server knows; they stand in the address. */
export function Filters({
  words,
  change,
  items,
}: {
  words: Words;
  change: (words: Words) => void;
  items: readonly DagItem[];
}) {
  return (
    <search className="filters dags-filters">
      <Typed name="text" label="id, owner, tag, file or text" words={words} change={change} />
      <Typed
        name="tag"
        label="tag"
        words={words}
        change={change}
        known={suggestions(items.flatMap((dag) => dag.tags))}
      />
      <Typed
        name="owner"
        label="owner"
        words={words}
        change={change}
        known={suggestions(items.map((dag) => dag.owner))}
      />
      <Typed
        name="location"
        label="location"
        words={words}
        change={change}
        known={suggestions(items.map((dag) => dag.location))}
      />
      <Chosen name="state" label="state of the newest run" words={words} change={change}>
        <option value="">any newest run</option>
        {STATES.map((state) => (
          <option key={state} value={state}>
            newest run {state}
          </option>
        ))}
      </Chosen>
      <Chosen name="paused" label="paused or not" words={words} change={change}>
        <option value="">paused or not</option>
        <option value="true">paused</option>
        <option value="false">not paused</option>
      </Chosen>
      <Chosen name="sort" label="order" words={words} change={change}>
        {SORTS.map(([sort, title]) => (
          <option key={sort} value={sort === "name" ? "" : sort}>
            {title}
          </option>
        ))}
      </Chosen>
      <label>
        <input
          type="checkbox"
          checked={words.retired === "true"}
          onChange={(event) => change({ retired: event.target.checked ? "true" : undefined })}
        />
        also retired
      </label>
    </search>
  );
}

interface Of {
  name: string;
  label: string;
  words: Words;
  change: (words: Words) => void;
}

function Chosen({ name, label, words, change, children }: Of & { children: React.ReactNode }) {
  return (
    <select
      aria-label={label}
      value={words[name] ?? ""}
      onChange={(event) => change({ [name]: event.target.value || undefined })}
    >
      {children}
    </select>
  );
}
