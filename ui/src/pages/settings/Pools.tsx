import { useState } from "react";
import { quoted } from "~/act/command";
import { $api, api } from "~/api/client";
import type { PoolItem } from "~/api/schema";
import { reaches, useRole } from "~/api/session";
import { Confirm } from "~/ui/Confirm";
import { Answer, Button, Copy, Empty, Panel } from "~/ui/parts";
import { type Proposed, useProposal } from "~/ui/proposal";
import { TextField } from "~/ui/TextField";
import { count, many } from "~/ui/words";
import { Removal } from "./Removal";
import { Rows } from "./Rows";

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
    <Rows heads={["Name", "In use", "Waiting"]} acts="change">
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
          <td>{count(pool.waiting)}</td>
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
    </Rows>
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
  const params = { path: { name: name.trim() } };
  const set = useProposal(
    (dry, headers) =>
      api.PUT("/api/v1/pools/{name}", { params, body: { slots: Number(slots), dry_run: dry }, headers }),
    POOLS,
    () => {},
  );
  const aboutSlots = set.refusal !== undefined && /slots/.test(set.refusal);
  return (
    <form className="form settings-form" {...set.form}>
      <TextField label="Name" required value={name} change={setName} error={!aboutSlots && set.refusal} />
      <TextField
        label="Slots"
        hint="What its tasks may use at once; 0 stops it."
        type="number"
        min={0}
        required
        value={slots}
        change={setSlots}
        error={aboutSlots && set.refusal}
      />
      <div className="row">
        <Button type="submit" look="primary" disabled={set.busy}>
          Set…
        </Button>
        <Copy text={`segue pool set ${quoted(name.trim() || "NAME")} ${slots || "4"}`} />
      </div>
      {set.plan && (
        <Confirm title={`Set the pool ${params.path.name}`} verb="Set it" {...set.confirm}>
          {set.plan.notes.map((note) => (
            <p key={note}>{note}.</p>
          ))}
          <p className="muted">It holds from now on; what runs already goes on.</p>
        </Confirm>
      )}
    </form>
  );
}

function Remove({ name, close }: { name: string; close: () => void }) {
  const ask: Proposed = (dry, headers) =>
    api.DELETE("/api/v1/pools/{name}", { params: { path: { name }, query: { dry_run: dry } }, headers });
  return (
    <Removal what={`the pool ${name}`} ask={ask} old={POOLS} close={close}>
      <p>What a person has set for it is taken back; what the settings file says of it, holds again.</p>
    </Removal>
  );
}
