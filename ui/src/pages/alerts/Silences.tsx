import { type FormEvent, useState } from "react";
import { quoted } from "~/act/command";
import { $api, api } from "~/api/client";
import type { ObjectPlan, Outcome, SilenceItem } from "~/api/schema";
import { reaches, useRole } from "~/api/session";
import { Confirm } from "~/ui/Confirm";
import { tell, useChange } from "~/ui/change";
import { Ago, Answer, Button, Copy, Empty, Field, Panel, Time } from "~/ui/parts";
import { many } from "~/ui/words";

const LIST = ["/api/v1/silences"];

/** What is silenced now; a form that silences more. */
export function Silences({ select }: { select: string }) {
  const sees = reaches(useRole("*"), "viewer");
  const asked = $api.useQuery("get", "/api/v1/silences", {}, { enabled: sees });
  const may = reaches(useRole(), "operator");
  return (
    <div className="columns">
      <Panel title="Silenced now">
        {sees ? (
          <Answer of={asked}>{(silences) => <Table silences={silences} may={may} />}</Answer>
        ) : (
          <Empty>What is silenced is shown to the role viewer on everything.</Empty>
        )}
      </Panel>
      <Panel title="Silence alerts">
        {may ? <New select={select} /> : <Empty>Silencing needs the role operator on what is to be silenced.</Empty>}
      </Panel>
    </div>
  );
}

function Table({ silences, may }: { silences: readonly SilenceItem[]; may: boolean }) {
  const change = useChange();
  if (!silences.length) return <Empty>Nothing is silenced: every alert is sent.</Empty>;
  const end = (selection: string) =>
    change.run(async (headers) => {
      const body = { select: selection, until: "now", reason: "", dry_run: false };
      const { data } = await api.POST("/api/v1/alerts/silence", { body, headers });
      return { data: await tell(data as Outcome) };
    }, LIST);
  return (
    <>
      <ul className="alerts-silences">
        {silences.map((one) => (
          <li key={one.selection}>
            <div>
              <code>{one.selection}</code> until <Time at={one.until} />{" "}
              <span className="muted">
                (<Ago at={one.until} />)
              </span>
              <p className="muted">
                by <bdi>{one.actor || "nobody"}</bdi>
                {one.reason && <>: {one.reason}</>}
              </p>
            </div>
            <Button disabled={!may || change.busy} onClick={() => void end(one.selection)}>
              End it
            </Button>
          </li>
        ))}
      </ul>
      {change.problem && (
        <p className="why failed body" role="alert">
          {change.problem.detail}
        </p>
      )}
    </>
  );
}

function New({ select }: { select: string }) {
  const [selection, setSelection] = useState(select);
  const [until, setUntil] = useState("2h");
  const [reason, setReason] = useState("");
  const [plan, setPlan] = useState<ObjectPlan | null>(null);
  const preview = useChange();
  const change = useChange();
  const body = (dry: boolean) => ({ select: selection.trim(), until: until.trim(), reason, dry_run: dry });
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const found = await preview.run(() => api.POST("/api/v1/alerts/silence", { body: body(true) }));
    if (found?.data && "objects" in found.data) setPlan(found.data);
  };
  const does = async () => {
    const made = await change.run(async (headers) => {
      const { data } = await api.POST("/api/v1/alerts/silence", { body: body(false), headers });
      return { data: await tell(data as Outcome) };
    }, LIST);
    if (!made) return;
    setPlan(null);
    setSelection("");
    setReason("");
  };
  const detail = preview.problem?.detail;
  const aboutUntil = detail?.includes("until");
  const aboutReason = !aboutUntil && detail?.includes("reason");
  return (
    <form className="form alerts-new" onSubmit={submit} onChange={preview.clear}>
      <Field
        label="Alerts about"
        hint="orders, orders_*, tag:retail, owner:dana; a comma joins, & keeps what both name, * is everything"
        error={!aboutUntil && !aboutReason && detail}
      >
        {(id) => (
          <input
            id={id}
            required
            spellCheck={false}
            autoComplete="off"
            value={selection}
            onChange={(event) => setSelection(event.target.value)}
          />
        )}
      </Field>
      <Field label="Until" hint="2h, 18:00, 2026-12-01 or 2026-12-01T05:30" error={aboutUntil && detail}>
        {(id) => <input id={id} required value={until} onChange={(event) => setUntil(event.target.value)} />}
      </Field>
      <Field label="Reason" error={aboutReason && detail}>
        {(id) => <input id={id} value={reason} onChange={(event) => setReason(event.target.value)} />}
      </Field>
      <div className="row">
        <Button type="submit" look="primary" disabled={preview.busy}>
          Silence…
        </Button>
        <Copy
          text={`segue alerts silence ${quoted(selection.trim() || "SELECTION")} --until ${quoted(until.trim() || "2h")}`}
        />
      </div>
      {plan && (
        <Confirm
          title="Silence alerts"
          verb="Silence them"
          change={change}
          does={() => void does()}
          close={() => setPlan(null)}
        >
          <p>
            No alert about {many(plan.objects.length, "DAG")} is sent until <code>{until}</code>:
          </p>
          <p className="alerts-names">
            {plan.objects.slice(0, 30).map((name) => (
              <bdi key={name} className="tag">
                {name}
              </bdi>
            ))}
            {plan.objects.length > 30 && <span className="muted">and {plan.objects.length - 30} more</span>}
          </p>
        </Confirm>
      )}
    </form>
  );
}
