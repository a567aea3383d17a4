import { type FormEvent, useState } from "react";
import { quoted } from "~/act/command";
import { $api, api } from "~/api/client";
import type { KnownName, Outcome } from "~/api/schema";
import { reaches, useRole } from "~/api/session";
import { Confirm } from "~/ui/Confirm";
import { tell, useChange } from "~/ui/change";
import { Answer, Button, Copy, Empty, Field, Panel, Time } from "~/ui/parts";
import { State } from "~/ui/State";
import { Barred } from "./Barred";

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
    <div className="scroll">
      <table className="settings-rows">
        <thead>
          <tr>
            <th>Name</th>
            <th>Kept in</th>
            <th>Set</th>
            <th>
              <span className="sr">change</span>
            </th>
          </tr>
        </thead>
        <tbody>
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
        </tbody>
      </table>
    </div>
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
  const [asking, setAsking] = useState(false);
  const preview = useChange();
  const change = useChange();
  const put = (dry: boolean, headers = {}) =>
    api.PUT(words.one, {
      params: { path: { name: name.trim() } },
      body: { value, dry_run: dry },
      headers,
    });
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await preview.run<unknown>(() => put(true))) setAsking(true);
  };
  const does = async () => {
    const done = await change.run(
      async (headers) => ({ data: await tell((await put(false, headers)).data as Outcome) }),
      [words.path],
    );
    if (!done) return;
    setAsking(false);
    setValue("");
    setName("");
  };
  const detail = preview.problem?.detail;
  const aboutName = detail !== undefined && /name/.test(detail) && !/username/.test(detail);
  return (
    <form className="form settings-form" onSubmit={submit} onChange={preview.clear}>
      <Field label="Name" error={aboutName && detail}>
        {(id) => (
          <input
            id={id}
            required
            spellCheck={false}
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <Field label={words.value} hint={`${words.hint} Never shown again.`} error={!aboutName && detail}>
        {(id) => (
          <input
            id={id}
            type="password"
            required
            autoComplete="new-password"
            value={value}
            onChange={(event) => setValue(event.target.value)}
          />
        )}
      </Field>
      <div className="row">
        <Button type="submit" look="primary" disabled={preview.busy}>
          Set…
        </Button>
        <Copy text={`${words.command} ${quoted(name.trim() || "NAME")}`} />
      </div>
      {asking && (
        <Confirm
          title={`Set the ${kind} ${name}`}
          verb="Set it"
          change={change}
          does={() => void does()}
          close={() => {
            change.clear();
            setAsking(false);
          }}
        >
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
  const change = useChange();
  const ask = (dry: boolean, headers = {}) =>
    api.DELETE(words.one, { params: { path: { name }, query: { dry_run: dry } }, headers });
  const does = async () => {
    const done = await change.run(
      async (headers) => ({ data: await tell((await ask(false, headers)).data as Outcome) }),
      [words.path],
    );
    if (done) close();
  };
  const plan = async () => {
    const { data } = await ask(true);
    return data && "objects" in data ? data : undefined;
  };
  return (
    <Confirm
      title={`Remove the ${kind} ${name}`}
      verb="Remove"
      danger
      plan={plan}
      change={change}
      does={() => void does()}
      close={close}
    >
      <p>It is forgotten. Tasks that need it fail from now on, unless another place has the name too.</p>
    </Confirm>
  );
}
