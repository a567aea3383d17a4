import { useState } from "react";
import { quoted } from "~/act/command";
import { $api, api } from "~/api/client";
import type { SilenceItem } from "~/api/schema";
import { reaches, useRole } from "~/api/session";
import { Confirm } from "~/ui/Confirm";
import { useChange } from "~/ui/change";
import { Ago, Answer, Button, Copy, Empty, Panel, Time } from "~/ui/parts";
import { useProposal } from "~/ui/proposal";
import { TextField } from "~/ui/TextField";
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
    change.act(
      (headers) => {
        const body = { select: selection, until: "now", reason: "", dry_run: false };
        return api.POST("/api/v1/alerts/silence", { body, headers });
      },
      LIST,
      selection,
    );
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
  const silence = useProposal(
    (dry, headers) => {
      const body = { select: selection.trim(), until: until.trim(), reason, dry_run: dry };
      return api.POST("/api/v1/alerts/silence", { body, headers });
    },
    LIST,
    () => {
      setSelection("");
      setReason("");
    },
  );
  const { plan, refusal } = silence;
  const aboutUntil = refusal?.includes("until");
  const aboutReason = !aboutUntil && refusal?.includes("reason");
  return (
    <form className="form alerts-new" {...silence.form}>
      <TextField
        label="Alerts about"
        hint="orders, orders_*, tag:retail, owner:dana; a comma joins, & keeps what both name, * is everything"
        required
        value={selection}
        change={setSelection}
        error={!aboutUntil && !aboutReason && refusal}
      />
      <TextField
        label="Until"
        hint="2h, 18:00, 2026-12-01 or 2026-12-01T05:30"
        required
        value={until}
        change={setUntil}
        error={aboutUntil && refusal}
      />
      <TextField label="Reason" spellCheck value={reason} change={setReason} error={aboutReason && refusal} />
      <div className="row">
        <Button type="submit" look="primary" disabled={silence.busy}>
          Silence…
        </Button>
        <Copy
          text={`segue alerts silence ${quoted(selection.trim() || "SELECTION")} --until ${quoted(until.trim() || "2h")}`}
        />
      </div>
      {plan && (
        <Confirm title="Silence alerts" verb="Silence them" {...silence.confirm}>
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
