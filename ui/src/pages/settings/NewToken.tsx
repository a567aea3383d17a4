import { useState } from "react";
import { $api, api } from "~/api/client";
import type { TokenMade } from "~/api/schema";
import { useRole } from "~/api/session";
import { useChange } from "~/ui/change";
import { Field } from "~/ui/parts";
import { ROLES } from "~/ui/state";
import { TextField } from "~/ui/TextField";
import { meaningOf, roleOf } from "./grants";
import { TOKENS } from "./lists";
import { Making } from "./Making";
import { Once } from "./Once";

type TokenField = "name" | "role" | "days" | "user";

function fieldOf(detail: string): TokenField {
  if (/\bdays?\b/.test(detail)) return "days";
  if (/no user/.test(detail)) return "user";
  if (/token '|name of a token|is no name/.test(detail)) return "name";
  return "role";
}

export function NewToken({ admin, close }: { admin: boolean; close: () => void }) {
  const widest = useRole();
  const [name, setName] = useState("");
  const [role, setRole] = useState("viewer");
  const [select, setSelect] = useState("*");
  const [days, setDays] = useState("90");
  const [user, setUser] = useState("");
  const [made, setMade] = useState<TokenMade | null>(null);
  const users = $api.useQuery("get", "/api/v1/users", {}, { enabled: admin });
  const change = useChange();
  const detail = change.problem?.detail;
  const wrong = (field: TokenField) => detail && fieldOf(detail) === field && detail;
  const does = async () => {
    const body = { name: name.trim(), role, select: select.trim() || "*", days: Number(days), user: user || null };
    const done = await change.run(() => api.POST("/api/v1/tokens", { body }), TOKENS);
    if (done?.data) setMade(done.data);
  };
  if (made)
    return (
      <Once
        title={`The token ${made.item.name}`}
        says="Scripts send it as “Authorization: Bearer …”, or the command line takes it from SEGUE_TOKEN."
        text={made.token}
        close={close}
      />
    );
  const roles = ROLES.slice(0, ROLES.indexOf(roleOf(widest ?? "viewer")) + 1);
  return (
    <Making what="token" change={change} does={() => void does()} close={close}>
      <TextField
        label="Name"
        hint="what it is for: ci, laptop"
        required
        value={name}
        change={setName}
        error={wrong("name")}
      />
      <Field label="May at most" hint={meaningOf(roleOf(role))} error={wrong("role")}>
        {(id) => (
          <span className="row">
            <select id={id} value={role} onChange={(event) => setRole(event.target.value)}>
              {roles.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
            on
            <input
              aria-label="selection"
              spellCheck={false}
              autoComplete="off"
              value={select}
              onChange={(event) => setSelect(event.target.value)}
            />
          </span>
        )}
      </Field>
      <TextField
        label="Good for days"
        type="number"
        min={1}
        max={3650}
        required
        value={days}
        change={setDays}
        error={wrong("days")}
      />
      {admin && (
        <Field label="Of" error={wrong("user")}>
          {(id) => (
            <select id={id} value={user} onChange={(event) => setUser(event.target.value)}>
              <option value="">you</option>
              {users.data?.items.map((one) => (
                <option key={one.name}>{one.name}</option>
              ))}
            </select>
          )}
        </Field>
      )}
    </Making>
  );
}
