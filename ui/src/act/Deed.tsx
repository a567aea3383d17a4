import { useState } from "react";
import { $api, type Problem, problemOf } from "~/api/client";
import { Coded } from "~/pages/Health";
import { Button, Copy, Dialog, Trouble } from "~/ui/parts";
import { say } from "~/ui/toast";
import { type Act, dagOf } from "./act";
import { type Answers, begin, lacking, meant, needsReason, questionsOf } from "./answers";
import { ask } from "./asking";
import { commandOf } from "./command";
import { type Planned, useDoing, usePlan } from "./doing";
import { Part, Refused } from "./lists";
import { Options } from "./Options";
import { ParamForm } from "./ParamForm";
import { PlanOf } from "./PlanOf";
import { fieldOf, filled, type ParamField, refusedParam } from "./params";
import { Result } from "./Result";
import { pinned, planOf, requestOf } from "./request";
import { confirmOf, isGrave, needsTick, outcomeOf, type Plan, sentence, sizeOf, titleOf } from "./size";

/** The dialog of an act: what it will do; it is done; what has become of it. */
export function Deed({ act: asked, leave }: { act: Act; leave: () => void }) {
  const [answers, setAnswers] = useState(() => begin(asked));
  const [sure, setSure] = useState(0); // so many objects a person has said yes to
  const act = meant(asked, answers);
  const form = useForm(act, answers);
  const { busy, problem, outcome, does, clear } = useDoing();
  const lacks = lacking(act, answers) ?? form.lacks;
  const planned = usePlan(lacks ? null : planOf(act, answers, form.values));
  const { plan } = planned;
  const close = () => {
    if (outcome && !outcome.pending.length) say(outcomeOf(outcome), outcome.done.length === 0);
    leave();
  };
  const tell = (part: Partial<Answers>) => {
    setAnswers({ ...answers, ...part });
    clear();
  };
  const hint = hintOf(act, answers, lacks, planned, sure);
  const told = planned.error ? problemOf(planned.error) : null;
  const atField = told && refusedParam(told.detail, form.fields);
  const questions = questionsOf(asked, answers);

  if (outcome)
    return (
      <Dialog title={titleOf(act)} close={close}>
        <div className="dialog-body">
          <Result outcome={outcome} leave={leave} />
        </div>
        <div className="dialog-foot">
          <Button look="primary" autoFocus onClick={close}>
            Close
          </Button>
        </div>
      </Dialog>
    );
  return (
    <Dialog title={titleOf(act)} close={close} wide>
      <div className={`dialog-body act-body${questions.length ? " two" : ""}`} ref={focusFirst}>
        {questions.length > 0 && (
          <Options questions={questions} act={act} answers={answers} dag={dagOf(act)} tell={tell}>
            <ParamForm
              fields={form.fields}
              texts={answers.params}
              wrong={atField ? { ...form.wrong, [atField.name]: atField.says } : form.wrong}
              tell={(name, text) => tell({ params: { ...answers.params, [name]: text } })}
            />
          </Options>
        )}
        <section
          className={`act-plan${planned.asking ? " asking" : ""}`}
          aria-label="what it will do"
          aria-busy={planned.asking}
        >
          <Ahead
            act={act}
            planned={planned}
            zone={form.zone}
            lacks={lacks ?? (atField && `Look at ${atField.name}: ${sentence(atField.says)}`)}
          />
          <Failure problem={problem} />
          <Twin text={commandOf(act, answers, form.values, form.secrets)} />
        </section>
      </div>
      <div className="dialog-foot" ref={focusLast}>
        <span className="act-hint muted">{hint}</span>
        {plan && needsTick(plan) && (
          <label className="act-tick">
            <input
              type="checkbox"
              checked={sure === sizeOf(plan)}
              onChange={(event) => setSure(event.target.checked ? sizeOf(plan) : 0)}
            />
            yes, all {sizeOf(plan)}
          </label>
        )}
        <Button onClick={close}>Leave it</Button>
        <Button
          look={lookOf(act, plan)}
          disabled={hint !== "" || busy}
          onClick={() => plan && void does(pinned(act, requestOf(act, answers, form.values), plan))}
        >
          {busy ? "Doing it …" : problem && problem.status !== 409 ? "Try again" : confirmOf(act, plan)}
        </Button>
      </div>
    </Dialog>
  );
}

const PASSING = [0, 500, 503]; // what may be otherwise the next time

/** What it will do, or what is still to be said before that can be told. */
function Ahead({ act, planned, zone, lacks }: { act: Act; planned: Planned; zone?: string; lacks: string | null }) {
  const { plan, error, again } = planned;
  if (lacks) return <p className="muted">{lacks} Then you see here what it will do.</p>;
  if (error && PASSING.includes(problemOf(error).status)) return <Trouble error={error} again={again} />;
  if (error) return <Failure problem={problemOf(error)} />;
  if (!plan) return <p className="muted">Asking what it will do …</p>;
  const newer = act.act === "retry" ? () => ask({ act: "rerun", of: act.of, failed: true }) : undefined;
  return <PlanOf plan={plan} zone={zone} withNewCode={newer} />;
}

/** The focus begins at what has to be said, not at the cross. */
function focusFirst(body: HTMLElement | null) {
  body?.querySelector("[required]")?.setAttribute("autofocus", "");
}

/** Where nothing has to be said, it begins where nothing happens. */
function focusLast(foot: HTMLElement | null) {
  foot?.querySelector("button")?.setAttribute("autofocus", "");
}

/** Why it cannot be done yet; "" where it can. */
function hintOf(
  act: Act,
  answers: Answers,
  lacks: string | null,
  { plan, error, current }: Planned,
  sure: number,
): string {
  if (lacks) return lacks;
  if (error) return "This cannot be done.";
  if (!plan || !current) return "Not known yet what it will do.";
  if (sizeOf(plan) === 0) return "Nothing to do.";
  if (needsReason(act) && !answers.reason.trim()) return "Say why: it is kept.";
  return needsTick(plan) && sure !== sizeOf(plan) ? "These are many: say that all are meant." : "";
}

interface Form {
  readonly fields: readonly ParamField[];
  readonly values: Readonly<Record<string, unknown>>;
  readonly wrong: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly lacks: string | null;
  readonly zone: string | undefined;
}

/** The params of the DAG that an act runs, and the zone of the one that it is about. */
function useForm(act: Act, answers: Answers): Form {
  const dag = dagOf(act);
  const runs = act.act === "trigger" || act.act === "backfill";
  const asked = $api.useQuery(
    "get",
    "/api/v1/dags/{dag}",
    { params: { path: { dag: dag ?? "" } } },
    { enabled: !!dag },
  );
  const fields = (runs ? (asked.data?.params ?? []) : []).map(fieldOf);
  const { values, wrong, missing } = filled(fields, answers.params);
  const [unread] = Object.keys(wrong);
  const lacks =
    runs && asked.isLoading
      ? "One moment."
      : missing.length
        ? `Fill in ${missing.join(", ")}.`
        : unread
          ? `Look at ${unread}.`
          : null;
  return {
    fields,
    values,
    wrong,
    secrets: fields.filter((one) => one.kind === "secret").map((one) => one.name),
    lacks,
    zone: asked.data?.timezone,
  };
}

/** Where a rerun with newer code is the better way, it is what stands out. */
function lookOf(act: Act, plan: Plan | undefined): "danger" | "plain" | "primary" {
  if (isGrave(act)) return "danger";
  return plan && "newer" in plan && plan.newer.length ? "plain" : "primary";
}

/** Why it was not done. Nothing is lost: the same request sent again is done once. */
function Failure({ problem }: { problem: Problem | null }) {
  if (!problem) return null;
  if (problem.status === 409 && problem.faults.length)
    return (
      <Refused
        title="It was refused"
        of={problem.faults.map(({ where, detail }) => ({ object: where, why: detail }))}
      />
    );
  return (
    <div className="trouble" role="alert">
      <strong>{problem.status === 503 ? "Nobody schedules now" : problem.title}</strong>
      <p>
        <Coded text={sentence(problem.detail)} />
      </p>
    </div>
  );
}

function Twin({ text }: { text: string }) {
  if (!text) return null;
  const command = (
    <div className="act-twin">
      <pre>{text}</pre>
      <Copy text={text} shown={false} />
    </div>
  );
  if (text.split("\n").length <= 3) return <Part title="The same on the command line">{command}</Part>;
  return (
    <details className="act-part">
      <summary>The same on the command line</summary>
      {command}
    </details>
  );
}
