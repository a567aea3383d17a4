import { type FormEvent, useState } from "react";
import { $api, api, keepCsrf, queries } from "~/api/client";
import { useSession } from "~/api/session";
import { Confirm } from "~/ui/Confirm";
import { useChange } from "~/ui/change";
import { Ago, Answer, Button, Panel, Time } from "~/ui/parts";
import { NewPassword, TextField } from "~/ui/TextField";
import { say } from "~/ui/toast";
import { useLeave } from "../leaving";
import { grantsText } from "./grants";

/** Oneself: what one may, where one is signed in, another password. */
export function Account() {
  const { user } = useSession();
  const [leaving, setLeaving] = useState(false);
  const asked = $api.useQuery("get", "/api/v1/sessions", {});
  return (
    <div className="columns">
      <Panel
        title="Where you are signed in"
        aside={<Button onClick={() => setLeaving(true)}>Sign out everywhere…</Button>}
      >
        <Answer of={asked}>
          {({ items }) => (
            <ul className="settings-sessions">
              {items.map((session) => (
                <li key={session.id}>
                  <strong>{session.here ? "here" : <bdi>{session.address || "an unknown address"}</bdi>}</strong>{" "}
                  <span className="muted">
                    by {session.how}, from <bdi>{session.address || "–"}</bdi>; seen <Ago at={session.seen_at} />, since{" "}
                    <Time at={session.created_at} />, at the latest until <Time at={session.until} />
                  </span>
                </li>
              ))}
            </ul>
          )}
        </Answer>
      </Panel>
      <Panel title="You">
        <p className="body">
          <bdi>{user?.user}</bdi>: {grantsText(user?.grants ?? [])}.
        </p>
        <Password />
      </Panel>
      {leaving && <Leave close={() => setLeaving(false)} />}
    </div>
  );
}

function Leave({ close }: { close: () => void }) {
  const change = useChange();
  const leave = useLeave();
  const does = async () => {
    if (!(await change.run<unknown>(() => api.DELETE("/api/v1/sessions", {})))) return;
    close();
    await leave();
  };
  return (
    <Confirm title="Sign out everywhere" verb="Sign out" change={change} does={() => void does()} close={close}>
      <p>All your sessions end at once, this one too. Your tokens go on.</p>
    </Confirm>
  );
}

function Password() {
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const change = useChange();
  const detail = change.problem?.detail;
  const aboutOld = detail !== undefined && /old|present|wrong/.test(detail);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const done = await change.run(
      () => api.POST("/api/v1/session/password", { body: { old, new: fresh } }),
      ["/api/v1/sessions"],
    );
    if (!done?.data) return;
    keepCsrf(done.data.csrf);
    queries.setQueryData(["get", "/api/v1/session", {}], done.data);
    setOld("");
    setFresh("");
    say("You have another password. Your other sessions have ended.");
  };
  return (
    <form className="form settings-own" onSubmit={submit} onChange={change.clear}>
      <TextField
        label="Password now"
        type="password"
        autoComplete="current-password"
        value={old}
        change={setOld}
        error={aboutOld && detail}
      />
      <NewPassword label="New password" value={fresh} change={setFresh} error={!aboutOld && detail} />
      <div className="row">
        <Button type="submit" look="primary" disabled={change.busy}>
          Change the password
        </Button>
        <small>Your other sessions end.</small>
      </div>
    </form>
  );
}
