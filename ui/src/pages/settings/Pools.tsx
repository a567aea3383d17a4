import { type FormEvent, useState } from "react";
import { quoted } from "~/act/command";
import { $api, api } from "~/api/client";
import type { ObjectPlan, Outcome, PoolItem } from "~/api/schema";
import { reaches, useRole } from "~/api/session";
import { Confirm } from "~/ui/Confirm";
import { tell, useChange } from "~/ui/change";
import { Answer, Button, Copy, Empty, Field, Panel } from "~/ui/parts";
import { count, many } from "~/ui/words";

const POOLS = ["/api/v1/pools"];

/** What tasks share: how much of it there is, is used, and is waited for. */
export function Pools() {
  const may = reaches(useRole("*"), "operator");
  const asked = $api.useQuery("get", "/api/v1/pools", {});
  const [name, setName] = useState("");
  const [slots, setSlots] = useState("4");
  const [removing, remove] = useState<string | null>(null);
  return (
    <div className="settings-columns">
      <Panel title="Pools">
        <Answer of={asked}>
          {(pools) =>
            pools.length ? (
              <Table
                pools={pools}
                may={may}
                remove={remove}
                edit={(pool) => {
                  setName(pool.name);
                  setSlots(String(pool.slots ?? 4));
                }}
              />
            ) : (
              <Empty>There is no pool. Tasks of one pool share its slots; those without share the workers.</Empty>
            )
          }
        </Answer>
      </Panel>
      <Panel title="Set a pool">
        {may ? (
          <Put name={name} slots={slots} setName={setName} setSlots={setSlots} />
        ) : (
          <Empty>Setting pools needs the role operator on everything.</Empty>
        )}
      </Panel>
      {removing !== null && <Remove name={removing} close={() => remove(null)} />}
    </div>
  );
}

function Table({
  pools,
  may,
  edit,
  remove,
}: {
  pools: readonly PoolItem[];
  may: boolean;
  edit: (pool: PoolItem) => void;
  remove: (name: string) => void;
}) {
  return (
    <div className="scroll">
      <table className="settings-rows">
        <thead>
          <tr>
            <th>Name</th>
            <th>In use</th>
            <th className="number">Waiting</th>
            <th>
              <span className="sr">change</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {pools.map((pool) => (
            <tr key={pool.name}>
              <td>
                <bdi>{pool.name}</bdi>
              </td>
              <td className="settings-pool">
                <span className="number">
                  {count(pool.used)} of {pool.slots == null ? "what the settings say" : many(pool.slots, "slot")}
                </span>
                {pool.slots != null && (
                  <meter aria-label={`${pool.name} in use`} min={0} max={Math.max(pool.slots, 1)} value={pool.used} />
                )}
                {pool.slots === 0 && <p className="why">It is stopped: what needs it waits.</p>}
              </td>
              <td className="number">{count(pool.waiting)}</td>
              <td>
                <span className="row">
                  <Button disabled={!may} aria-label={`change ${pool.name}`} onClick={() => edit(pool)}>
                    Change
                  </Button>
                  <Button disabled={!may} aria-label={`remove ${pool.name}`} onClick={() => remove(pool.name)}>
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

function Put({
  name,
  slots,
  setName,
  setSlots,
}: {
  name: string;
  slots: string;
  setName: (name: string) => void;
  setSlots: (slots: string) => void;
}) {
  const [plan, setPlan] = useState<ObjectPlan | null>(null);
  const preview = useChange();
  const change = useChange();
  const params = { path: { name: name.trim() } };
  const body = (dry: boolean) => ({ slots: Number(slots), dry_run: dry });
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const found = await preview.run(() => api.PUT("/api/v1/pools/{name}", { params, body: body(true) }));
    if (found?.data && "objects" in found.data) setPlan(found.data);
  };
  const does = async () => {
    const done = await change.run(async (headers) => {
      const { data } = await api.PUT("/api/v1/pools/{name}", { params, body: body(false), headers });
      return { data: await tell(data as Outcome) };
    }, POOLS);
    if (done) setPlan(null);
  };
  const detail = preview.problem?.detail;
  const aboutSlots = detail !== undefined && /slots/.test(detail);
  return (
    <form className="form settings-form" onSubmit={submit} onChange={preview.clear}>
      <Field label="Name" error={!aboutSlots && detail}>
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
      <Field label="Slots" hint="What its tasks may use at once; 0 stops it." error={aboutSlots && detail}>
        {(id) => (
          <input
            id={id}
            type="number"
            min={0}
            required
            value={slots}
            onChange={(event) => setSlots(event.target.value)}
          />
        )}
      </Field>
      <div className="row">
        <Button type="submit" look="primary" disabled={preview.busy}>
          Set…
        </Button>
        <Copy text={`segue pool set ${quoted(name.trim() || "NAME")} ${slots || "4"}`} />
      </div>
      {plan && (
        <Confirm
          title={`Set the pool ${params.path.name}`}
          verb="Set it"
          change={change}
          does={() => void does()}
          close={() => {
            change.clear();
            setPlan(null);
          }}
        >
          {plan.notes.map((note) => (
            <p key={note}>{note}.</p>
          ))}
          <p className="muted">It holds from now on; what runs already goes on.</p>
        </Confirm>
      )}
    </form>
  );
}

function Remove({ name, close }: { name: string; close: () => void }) {
  const change = useChange();
  const params = { path: { name }, query: { dry_run: false } };
  const does = async () => {
    const done = await change.run(async (headers) => {
      const { data } = await api.DELETE("/api/v1/pools/{name}", { params, headers });
      return { data: await tell(data as Outcome) };
    }, POOLS);
    if (done) close();
  };
  const plan = async () => {
    const { data } = await api.DELETE("/api/v1/pools/{name}", { params: { path: { name }, query: { dry_run: true } } });
    return data && "objects" in data ? data : undefined;
  };
  return (
    <Confirm
      title={`Remove the pool ${name}`}
      verb="Remove"
      danger
      plan={plan}
      change={change}
      does={() => void does()}
      close={close}
    >
      <p>What a person has set for it is taken back; what the settings file says of it, holds again.</p>
    </Confirm>
  );
}
