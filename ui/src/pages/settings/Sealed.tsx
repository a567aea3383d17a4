import { useState } from "react";
import { quoted } from "~/act/command";
import { $api, api } from "~/api/client";
import type { KnownName } from "~/api/schema";
import { reaches, useRole } from "~/api/session";
import { Confirm } from "~/ui/Confirm";
import { useChange } from "~/ui/change";
import { Answer, Button, Copy, Empty, Panel, Time } from "~/ui/parts";
import { type Proposed, useProposal } from "~/ui/proposal";
import { State } from "~/ui/State";
import { NewPassword, TextField } from "~/ui/TextField";
import { Barred } from "./Barred";
import { Removal } from "./Removal";
import { Rows } from "./Rows";

export type Kind = "connection" | "secret";

const WORDS = {
  connection: {
    title: "Connections",
    path: "/api/v1/connections",
    one: "/api/v1/connections/{name}",
    value: "Address",
    hint: "scheme://user:password@host:port/database",
    none: "No connection is known. Tasks name one as connections=[…].",
    command: "segue connection add",
  },
  secret: {
    title: "Secrets",
    path: "/api/v1/secrets",
    one: "/api/v1/secrets/{name}",
    value: "Value",
    hint: "Tasks read it by its name; it is hidden in logs.",
    none: "No secret is known.",
    command: "segue secret add",
  },
} as const;

/** Names of connections or secrets and where each is kept. Values go in, and never come out again. */
export function Sealed({ kind }: { kind: Kind }) {
  return (
    <Barred needs="operator" what={WORDS[kind].title}>
      <Known key={kind} kind={kind} />
    </Barred>
  );
}

function Known({ kind }: { kind: Kind }) {
  const words = WORDS[kind];
  const admin = reaches(useRole("*"), "admin");
  const asked = $api.useQuery("get", words.path, {});
  const [name, setName] = useState("");
  const [removing, remove] = useState<string | null>(null);
  return (
    <div className="settings-columns">
      <Panel title={words.title}>
        <Answer of={asked}>
          {(known) =>
            known.length ? (
              <Table kind={kind} known={known} admin={admin} edit={setName} remove={remove} />
            ) : (
              <Empty>{words.none}</Empty>
            )
          }
        </Answer>
      </Panel>
      <Panel title={`Set a ${kind}`}>
        {admin ? (
          <Put kind={kind} name={name} setName={setName} />
        ) : (
          <Empty>Setting one needs the role admin on everything.</Empty>
        )}
      </Panel>
      {removing !== null && <Remove kind={kind} name={removing} close={() => remove(null)} />}
    </div>
  );
}

function Table({
  kind,
  known,
  admin,
  edit,
  remove,
}: {
  kind: Kind;
  known: readonly KnownName[];
  admin: boolean;
  edit: (name: string) => void;
  remove: (name: string) => void;
}) {
  return (
    <Rows heads={["Name", "Kept in", "Set"]} acts="change">
      {known.map((one) => (
        <tr key={`${one.place}/${one.name}`}>
          <td>
            <bdi>{one.name}</bdi>
          </td>
          <td>
            {one.place}
            {one.key && <span className="muted"> (key {one.key})</span>}
          </td>
          <td>
            <Time at={one.set_at} precision="day" />
            {one.set_by && (
              <span className="muted">
                {" "}
                by <bdi>{one.set_by}</bdi>
              </span>
            )}
          </td>
          <td>
            <span className="row">
              {kind === "connection" && <Test name={one.name} admin={admin} />}
              <Button disabled={!admin} aria-label={`set ${one.name} anew`} onClick={() => edit(one.name)}>
                Set anew
              </Button>
              <Button
                disabled={!admin || !one.set_at}
                title={one.set_at ? undefined : "only what the encrypted store keeps can be removed here"}
                aria-label={`remove ${one.name}`}
                onClick={() => remove(one.name)}
              >
                Remove…
              </Button>
            </span>
          </td>
        </tr>
      ))}
    </Rows>
  );
}

function Test({ name, admin }: { name: string; admin: boolean }) {
  const [text, setText] = useState<string | null>(null);
  const change = useChange();
  const test = async () => {
    setText(null);
    const told = await change.run(() => api.POST("/api/v1/connections/{name}/test", { params: { path: { name } } }));
    setText(told?.data?.text ?? null);
  };
  return (
    <>
      <Button disabled={!admin || change.busy} aria-label={`test ${name}`} onClick={() => void test()}>
        {change.busy ? "Testing…" : "Test"}
      </Button>
      <span role="status" className="settings-tested">
        {text !== null && (
          <>
            <State state="success" size={12} /> {text}
          </>
        )}
        {change.problem && (
          <>
            <State state="failed" size={12} /> {change.problem.detail}
          </>
        )}
      </span>
    </>
  );
}

function Put({ kind, name, setName }: { kind: Kind; name: string; setName: (name: string) => void }) {
  const words = WORDS[kind];
  const [value, setValue] = useState("");
  const set = useProposal(
    (dry, headers) =>
      api.PUT(words.one, { params: { path: { name: name.trim() } }, body: { value, dry_run: dry }, headers }),
    [words.path],
    () => {
      setValue("");
      setName("");
    },
  );
  const aboutName = set.refusal !== undefined && /name/.test(set.refusal) && !/username/.test(set.refusal);
  return (
    <form className="form settings-form" {...set.form}>
      <TextField label="Name" required value={name} change={setName} error={aboutName && set.refusal} />
      <NewPassword
        label={words.value}
        hint={`${words.hint} Never shown again.`}
        value={value}
        change={setValue}
        error={!aboutName && set.refusal}
      />
      <div className="row">
        <Button type="submit" look="primary" disabled={set.busy}>
          Set…
        </Button>
        <Copy text={`${words.command} ${quoted(name.trim() || "NAME")}`} />
      </div>
      {set.plan && (
        <Confirm title={`Set the ${kind} ${name}`} verb="Set it" {...set.confirm}>
          <p>
            The value is encrypted and kept; what was kept under this name is gone. Tasks that begin from now on take
            it.
          </p>
        </Confirm>
      )}
    </form>
  );
}

function Remove({ kind, name, close }: { kind: Kind; name: string; close: () => void }) {
  const words = WORDS[kind];
  const ask: Proposed = (dry, headers) =>
    api.DELETE(words.one, { params: { path: { name }, query: { dry_run: dry } }, headers });
  return (
    <Removal what={`the ${kind} ${name}`} ask={ask} old={[words.path]} close={close}>
      <p>It is forgotten. Tasks that need it fail from now on, unless another place has the name too.</p>
    </Removal>
  );
}
