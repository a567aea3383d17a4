import { type FormEvent, useState } from "react";
import { api } from "~/api/client";
import type { UserItem } from "~/api/schema";
import { useSession } from "~/api/session";
import { Confirm } from "~/ui/Confirm";
import { useChange } from "~/ui/change";
import { Button, Dialog, Field } from "~/ui/parts";
import { say } from "~/ui/toast";
import { Grants } from "./Grants";
import { cleaned, type Grant, grantsText, roleOf, same } from "./grants";
import { type Link, USERS } from "./lists";

/** What is done to a user after one more question; each says what follows. */
const STEPS = {
  link: { verb: "Make the link", danger: false, says: "Whoever has it comes in once as them, and chooses a password." },
  sessions: {
    verb: "End their sessions",
    danger: false,
    says: "They are signed out everywhere, and may sign in again.",
  },
  disable: {
    verb: "Disable",
    danger: true,
    says: "They are let in no more: their sessions end and their tokens stop at once. What they did stays in the audit.",
  },
  enable: { verb: "Enable", danger: false, says: "They are let in again, with what they may do now." },
  remove: {
    verb: "Remove",
    danger: true,
    says: "They, their sessions and their tokens are forgotten. The audit keeps what they did.",
  },
} as const;

type Step = keyof typeof STEPS;

export function User({ user, link, close }: { user: UserItem; link: (link: Link) => void; close: () => void }) {
  const [step, setStep] = useState<Step | null>(null);
  const change = useChange();
  const { user: me } = useSession();
  const mine = me?.user === user.name;
  const params = { path: { user: user.name } };
  const does = async (wanted: Step) => {
    if (wanted === "link") {
      const made = await change.run(() => api.POST("/api/v1/users/{user}/link", { params }), USERS);
      if (!made?.data) return;
      link(made.data);
    } else {
      const ask = {
        sessions: () => api.DELETE("/api/v1/users/{user}/sessions", { params }),
        disable: () => api.POST("/api/v1/users/{user}/disable", { params }),
        enable: () => api.POST("/api/v1/users/{user}/enable", { params }),
        remove: () => api.DELETE("/api/v1/users/{user}", { params }),
      }[wanted];
      if (!(await change.run<unknown>(ask, USERS))) return;
      say(
        `${user.name}: ${{ sessions: "signed out everywhere", disable: "disabled", enable: "enabled", remove: "removed" }[wanted]}.`,
      );
    }
    close();
  };
  if (step)
    return (
      <Confirm
        title={`${STEPS[step].verb}: ${user.name}`}
        verb={STEPS[step].verb}
        danger={STEPS[step].danger}
        change={change}
        does={() => void does(step)}
        close={() => {
          change.clear();
          setStep(null);
        }}
      >
        <p>{STEPS[step].says}</p>
        {mine && <p className="why failed">This is you.</p>}
      </Confirm>
    );
  return (
    <Dialog title={user.name} close={close}>
      <div className="dialog-body">
        <Rights user={user} mine={mine} close={close} />
        {!user.outside && <Password user={user} />}
      </div>
      <div className="dialog-foot settings-steps">
        {!user.outside && <Button onClick={() => setStep("link")}>New link…</Button>}
        <Button onClick={() => setStep("sessions")}>End sessions…</Button>
        <Button onClick={() => setStep(user.disabled ? "enable" : "disable")}>
          {user.disabled ? "Enable…" : "Disable…"}
        </Button>
        <Button look="danger" onClick={() => setStep("remove")}>
          Remove…
        </Button>
      </div>
    </Dialog>
  );
}

function Rights({ user, mine, close }: { user: UserItem; mine: boolean; close: () => void }) {
  const [grants, setGrants] = useState<readonly Grant[]>(() =>
    user.grants.map(({ role, select }) => ({ role: roleOf(role), select: select ?? "*" })),
  );
  const change = useChange();
  const wanted = cleaned(grants);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const body = { grants: wanted };
    const done = await change.run(
      () => api.PUT("/api/v1/users/{user}/grants", { params: { path: { user: user.name } }, body }),
      USERS,
    );
    if (!done) return;
    say(`${user.name}: ${grantsText(wanted)}. Their sessions have ended.`);
    close();
  };
  return (
    <form className="form" onSubmit={submit} onChange={change.clear}>
      <Grants grants={grants} change={setGrants} error={change.problem?.detail} />
      <div className="row">
        <Button type="submit" look="primary" disabled={change.busy || same(wanted, user.grants)}>
          Save what they may do
        </Button>
        <small>It ends their sessions{mine ? ": yours, too" : ""}.</small>
      </div>
    </form>
  );
}

function Password({ user }: { user: UserItem }) {
  const [password, setPassword] = useState("");
  const change = useChange();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const done = await change.run<unknown>(
      () => api.PUT("/api/v1/users/{user}/password", { params: { path: { user: user.name } }, body: { password } }),
      USERS,
    );
    if (!done) return;
    setPassword("");
    say(`${user.name} has another password; their sessions have ended.`);
  };
  return (
    <form className="form settings-password" onSubmit={submit} onChange={change.clear}>
      <Field label="Another password" hint="It ends their sessions." error={change.problem?.detail}>
        {(id) => (
          <span className="row">
            <input
              id={id}
              type="password"
              autoComplete="new-password"
              required
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
            <Button type="submit" disabled={change.busy || !password}>
              Set it
            </Button>
          </span>
        )}
      </Field>
    </form>
  );
}
