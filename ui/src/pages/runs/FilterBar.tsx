import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { $api } from "~/api/client";
import type { Search } from "~/search";
import { Button } from "~/ui/parts";
import { Mark } from "~/ui/State";
import { plain } from "~/ui/words";
import { type Filters, filtersIn, isAt, KINDS, SAVED, SORTS, STATES, searchOf, type Word } from "./filters";

/** All filters of the list; they stand in the address. */
export function FilterBar({ filters, search }: { filters: Filters; search: Search }) {
  const navigate = useNavigate();
  const set = (part: Partial<Filters>) => {
    const next = (before: Search) => searchOf({ ...filtersIn(before), ...part }); // two fields may change at once
    void navigate({ to: "/runs", search: next, replace: true } as never);
  };
  const rare = [
    filters.kind.length,
    filters.until,
    filters.tag,
    filters.owner,
    filters.backfill,
    filters.error,
    filters.slot,
  ];
  const used = rare.filter(Boolean).length;
  const known = $api.useQuery("get", "/api/v1/dags", { params: { query: { limit: 200 } } }, { staleTime: 60_000 });
  return (
    <search className="runs-filters" aria-label="filters">
      <nav className="runs-saved" aria-label="what people look for most">
        {SAVED.map(([title, saved]) => (
          <Link
            key={title}
            to="/runs"
            search={saved}
            className={isAt(search, saved) ? "here" : ""}
            aria-current={isAt(search, saved) ? "page" : undefined}
          >
            {title}
          </Link>
        ))}
        {Object.keys(searchOf(filters)).length > 0 && (
          <Button look="quiet" onClick={() => void navigate({ to: "/runs", search: {}, replace: true })}>
            Clear filters
          </Button>
        )}
      </nav>
      <div className="filters">
        <Text word="dag" title="DAG" example="id or orders_*" list="runs-dags" filters={filters} set={set} />
        <datalist id="runs-dags">
          {known.data?.items.map((dag) => (
            <option key={dag.dag_id} value={dag.dag_id} />
          ))}
        </datalist>
        <Toggles title="state" of={STATES} at={filters.state} marks set={(state) => set({ state })} />
        <Text word="since" title="Since" example="2h or 02:00" filters={filters} set={set} />
        <label className="runs-field">
          <span>Sort</span>
          <select value={filters.sort} onChange={(event) => set({ sort: event.target.value as Filters["sort"] })}>
            {SORTS.map((sort) => (
              <option key={sort} value={sort}>
                {sort} first
              </option>
            ))}
          </select>
        </label>
      </div>
      <details className="runs-rare" open={used > 0}>
        <summary>More filters{used > 0 && ` (${used})`}</summary>
        <div className="filters">
          <Toggles title="kind" of={KINDS} at={filters.kind} set={(kind) => set({ kind })} />
          <Text word="until" title="Until" example="day, 02:00 or 2h" filters={filters} set={set} />
          <Text word="tag" title="Tag" filters={filters} set={set} />
          <Text word="owner" title="Owner" filters={filters} set={set} />
          <Text word="backfill" title="Backfill" example="number" filters={filters} set={set} />
          <Text word="error" title="Error" example="words with *" filters={filters} set={set} />
          <Text word="slot" title="Interval" example="key, with a DAG" filters={filters} set={set} />
        </div>
      </details>
    </search>
  );
}

interface Setting {
  readonly filters: Filters;
  readonly set: (part: Partial<Filters>) => void;
}

/** A word of the filter: it counts when one has come to its end. */
function Text({
  word,
  title,
  example,
  list,
  filters,
  set,
}: Setting & { word: Word; title: string; example?: string; list?: string }) {
  const at = filters[word];
  const [draft, setDraft] = useState<{ of: string; text: string } | null>(null);
  const text = draft?.of === at ? draft.text : at; // an address that has changed meanwhile wins
  const take = () => text.trim() !== at && set({ [word]: text.trim() });
  return (
    <label className="runs-field">
      <span>{title}</span>
      <input
        value={text}
        list={list}
        placeholder={example}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => {
          if (isChosen(event.nativeEvent)) set({ [word]: event.target.value });
          else setDraft({ of: at, text: event.target.value });
        }}
        onBlur={take}
        onKeyDown={(event) => event.key === "Enter" && take()}
      />
    </label>
  );
}

/** A suggestion was taken, nothing was typed. */
function isChosen(event: Event): boolean {
  return !(event instanceof InputEvent) || event.inputType === "insertReplacementText";
}

function Toggles({
  title,
  of,
  at,
  set,
  marks = false,
}: {
  title: string;
  of: readonly string[];
  at: readonly string[];
  set: (at: string[]) => void;
  marks?: boolean;
}) {
  return (
    <fieldset className="runs-toggles">
      <legend className="sr">{title}</legend>
      {of.map((one) => {
        const on = at.includes(one);
        return (
          <button
            key={one}
            type="button"
            aria-pressed={on}
            onClick={() => set(on ? at.filter((other) => other !== one) : [...at, one])}
          >
            {marks && <Mark state={one} size={12} bare />}
            {plain(one)}
          </button>
        );
      })}
    </fieldset>
  );
}
