import { Button } from "~/ui/parts";
import { ROLES } from "~/ui/state";
import { type Grant, meaningOf, roleOf } from "./grants";

/** Roles on selections, one a line. */
export function Grants({
  grants,
  change,
  error,
}: {
  grants: readonly Grant[];
  change: (grants: Grant[]) => void;
  error?: string | false;
}) {
  const set = (at: number, part: Partial<Grant>) =>
    change(grants.map((grant, place) => (place === at ? { ...grant, ...part } : grant)));
  return (
    <fieldset className="settings-grants">
      <legend>May</legend>
      {grants.map((grant, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line of a form has no other name
        <div key={at} className="row">
          <select
            aria-label={`role ${at + 1}`}
            title={meaningOf(grant.role)}
            value={grant.role}
            onChange={(event) => set(at, { role: roleOf(event.target.value) })}
          >
            {ROLES.map((role) => (
              <option key={role}>{role}</option>
            ))}
          </select>
          on
          <input
            aria-label={`selection ${at + 1}`}
            placeholder="*"
            spellCheck={false}
            autoComplete="off"
            value={grant.select}
            onChange={(event) => set(at, { select: event.target.value })}
          />
          <Button
            look="quiet"
            aria-label={`take away line ${at + 1}`}
            onClick={() => change(grants.filter((_, place) => place !== at))}
          >
            ✕
          </Button>
        </div>
      ))}
      <div className="row">
        <Button onClick={() => change([...grants, { role: "viewer", select: "*" }])}>One more</Button>
        {grants.length === 0 && <span className="muted">Without any they may sign in, and see nothing.</span>}
      </div>
      <small>
        <code>*</code> everything, <code>orders_*</code>, <code>tag:retail</code>, <code>owner:dana</code>,{" "}
        <code>location:finance</code>; a comma joins, <code>&amp;</code> keeps what both name.
      </small>
      {error && (
        <small className="wrong" role="alert">
          {error}
        </small>
      )}
    </fieldset>
  );
}
