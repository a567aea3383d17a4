import { Fragment, type ReactNode, useId } from "react";
import { $api } from "~/api/client";
import { DagField } from "~/ui/DagField";
import { Field } from "~/ui/parts";
import { SLOT_STATES } from "~/ui/state";
import type { Act } from "./act";
import { type Answers, needsReason, type Question } from "./answers";
import { Radios } from "./Radios";
import { RangeField } from "./RangeField";

export type Tell = (part: Partial<Answers>) => void;

interface Asking {
  readonly act: Act;
  readonly answers: Answers;
  readonly tell: Tell;
  /** Where all objects belong to one DAG. */
  readonly dag: string | null;
}

/** The questions of an act, but for its params. `children` stand where the params do. */
export function Options({
  questions,
  children,
  ...asking
}: Asking & { questions: readonly Question[]; children: ReactNode }) {
  return (
    <div className="form">
      {questions.map((question) =>
        question === "params" ? (
          <Fragment key={question}>{children}</Fragment>
        ) : (
          <One key={question} question={question} {...asking} />
        ),
      )}
    </div>
  );
}

const TICKS: Partial<Record<Question, readonly [title: string, hint: string]>> = {
  only: ["Only these tasks", "not what follows them"],
  force: ["Even where the interval has a newer run", "it would write over what that one made"],
  replace: ["Cancel a run of the interval first, where one is active", ""],
  now: ["Kill at once", "no TERM, no grace period: nothing can clean up"],
  fromNowOn: ["From now on", "the same task may be empty in comparable intervals to come"],
  hard: ["Hard", "also start nothing more of runs in flight"],
  newest: ["With the newest code", "what is still to come, or is tried again"],
};

function One(asking: Asking & { question: Question }) {
  const { question, answers, tell } = asking;
  const tick = TICKS[question];
  if (tick)
    return (
      <label className="act-tick">
        <input
          type="checkbox"
          checked={answers[question as "only"]}
          onChange={(event) => tell({ [question]: event.target.checked })}
        />
        <span>
          {tick[0]}
          {tick[1] && <small> {tick[1]}</small>}
        </span>
      </label>
    );
  switch (question) {
    case "dag":
      return (
        <Field label="DAG">
          {(id) => <DagField id={id} required value={answers.dag} change={(dag) => tell({ dag, params: {} })} />}
        </Field>
      );
    case "range":
      return <RangeField range={answers.range} change={(range) => tell({ range })} />;
    case "mode":
      return <Mode {...asking} />;
    case "when":
      return <When {...asking} />;
    case "slots":
      return <Slots {...asking} />;
    case "tasks":
    case "task":
      return <Tasks {...asking} field={question} />;
    case "state":
    case "order":
    case "catchUp":
      return <Choice {...asking} field={question} />;
    default:
      return <Line {...asking} field={question as LineField} />;
  }
}

type LineField = "until" | "cap" | "reason";

const LINES: Record<LineField, readonly [title: string, hint: string, example: string]> = {
  until: ["Until", "18:00, 2h, 2026-04-01; empty: until somebody lets it go on", "18:00"],
  cap: ["Runs at once", "beside the scheduled ones", "4"],
  reason: ["Why", "kept, and shown with it", ""],
};

function Line({ act, answers, tell, field }: Asking & { field: LineField }) {
  const [title, hint, example] = LINES[field];
  const needed = field === "reason" ? needsReason(act) : field !== "until" || act.act === "silence";
  const told = field === "until" && act.act === "silence" ? "18:00, 2h, 2026-04-01" : hint;
  return (
    <Field label={needed || field !== "reason" ? title : `${title} (if you like)`} hint={told}>
      {(id) => (
        <input
          id={id}
          value={answers[field]}
          placeholder={example}
          required={needed}
          maxLength={2_000}
          inputMode={field === "cap" ? "numeric" : undefined}
          autoComplete="off"
          spellCheck={field === "reason"}
          onChange={(event) => tell({ [field]: event.target.value })}
        />
      )}
    </Field>
  );
}

const CHOICES = {
  state: [
    "To",
    [
      ["success", "success"],
      ["failed", "failed"],
      ["skipped", "skipped"],
    ],
  ],
  order: [
    "Order",
    [
      ["oldest", "the oldest first"],
      ["newest", "the newest first"],
      ["parallel", "as it comes, in parallel"],
    ],
  ],
  catchUp: [
    "Intervals of the pause",
    [
      ["", "leave them out"],
      ["latest", "run the latest"],
      ["missed", "run all that were missed"],
    ],
  ],
} as const;

function Choice({ answers, tell, field }: Asking & { field: keyof typeof CHOICES }) {
  const [title, options] = CHOICES[field];
  return (
    <Field label={title}>
      {(id) => (
        <select id={id} value={answers[field]} onChange={(event) => tell({ [field]: event.target.value })}>
          {options.map(([value, says]) => (
            <option key={value} value={value}>
              {says}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

const MODES = [
  ["failed", "What failed, with the newest code", "every green task that has not changed is taken over"],
  ["tasks", "Some tasks and what follows them", "the rest is taken over"],
  ["all", "Everything anew", "nothing is taken over"],
] as const;

function Mode({ answers, tell }: Asking) {
  return <Radios title="What runs anew" options={MODES} at={answers.mode} pick={(mode) => tell({ mode })} />;
}

const WHENS = [
  ["newest", "The newest complete interval", ""],
  ["date", "By a date, or a range of dates", "2026-11-04, 2026-11-01..2026-11-03, 2026-11-04T05:00"],
  ["interval", "Exactly from … to …", "2026-11-04..2026-11-05"],
] as const;

function When({ answers, tell, dag }: Asking) {
  const asked = $api.useQuery(
    "get",
    "/api/v1/dags/{dag}",
    { params: { path: { dag: dag ?? "" } } },
    { enabled: !!dag },
  );
  const id = useId();
  if (asked.data?.clock === "by hand") return <p className="muted">It has no schedule: a run covers no interval.</p>;
  return (
    <Radios title="Which interval" options={WHENS} at={answers.when} pick={(when) => tell({ when })}>
      {answers.when !== "newest" && (
        <input
          aria-label={answers.when === "date" ? "date, or range of dates" : "from … to …"}
          list={id}
          value={answers.date}
          placeholder={answers.when === "date" ? "2026-11-04" : "2026-11-04..2026-11-05"}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => tell({ date: event.target.value })}
        />
      )}
      <datalist id={id}>
        {(asked.data?.marks ?? []).slice(0, 20).map((mark) => (
          <option key={mark.run_id} value={mark.key} />
        ))}
      </datalist>
    </Radios>
  );
}

const REPAIRABLE = SLOT_STATES.filter((state) => ["missing", "failed", "held", "stale"].includes(state));

function Slots({ answers, tell }: Asking) {
  const all = answers.slots.includes("all");
  const toggle = (state: string, on: boolean) =>
    tell({ slots: on ? [...answers.slots, state] : answers.slots.filter((one) => one !== state) });
  return (
    <fieldset className="act-radios inline">
      <legend>Intervals that are</legend>
      {REPAIRABLE.map((state) => (
        <label key={state} className="act-tick">
          <input
            type="checkbox"
            checked={all || answers.slots.includes(state)}
            disabled={all}
            onChange={(event) => toggle(state, event.target.checked)}
          />
          {state}
        </label>
      ))}
      <label className="act-tick">
        <input
          type="checkbox"
          checked={all}
          onChange={(event) => tell({ slots: event.target.checked ? ["all"] : ["missing"] })}
        />
        all, whatever they show
      </label>
    </fieldset>
  );
}

function Tasks({ act, answers, tell, dag, field }: Asking & { field: "task" | "tasks" }) {
  const asked = $api.useQuery(
    "get",
    "/api/v1/dags/{dag}",
    { params: { path: { dag: dag ?? "" } } },
    { enabled: !!dag },
  );
  const list = useId();
  const several = field === "tasks";
  const hint = act.act === "retry" ? "clean, clean[3], group:x; empty: all that failed" : "clean, clean[3]";
  return (
    <Field label={several ? "Tasks" : "Task"} hint={several ? hint : "clean or clean[3]"}>
      {(id) => (
        <>
          <input
            id={id}
            list={list}
            value={answers[field]}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => tell({ [field]: event.target.value })}
          />
          <datalist id={list}>
            {(asked.data?.tasks ?? []).slice(0, 300).map((task) => (
              <option key={task.task_id} value={task.task_id} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
