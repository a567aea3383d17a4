import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { $api, api, keepCsrf, type Problem, problemOf, queries } from "~/api/client";
import type { SignedIn } from "~/api/schema";
import { useSession } from "~/api/session";
import { Button, Trouble } from "~/ui/parts";
import { NewPassword, TextField } from "~/ui/TextField";
import { landing } from "../landing";
import { titleOf } from "../places";

/** Sign in; or, after a one-time link, choose a password first. */
export default function SignIn() {
  const { to } = useSearch({ strict: false });
  const { user, error, refetch } = useSession();
  const navigate = useNavigate();
  const inside = user != null && !user.must_set_password;
  useEffect(() => {
    if (inside) void navigate({ href: landing(to), replace: true });
  }, [inside, to, navigate]);
  useEffect(() => {
    document.title = titleOf("/sign-in");
  }, []);
  if (inside || (user === undefined && !error)) return null;
  return (
    <main className="signin">
      <h1>
        <img src="/icon.svg" width={28} height={28} alt="" /> Segue
      </h1>
      {user === undefined ? (
        <Trouble error={error} again={() => void refetch()} />
      ) : user ? (
        <Choose user={user.user} />
      ) : (
        <Enter />
      )}
    </main>
  );
}

function keep(session: SignedIn | undefined) {
  if (!session) return;
  keepCsrf(session.csrf);
  const mine = ["get", "/api/v1/session", {}];
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[1] !== mine[1] }); // this one is being watched
  queries.setQueryData(mine, session);
}

/** The first field has the focus: one comes here to write. */
function focused(field: HTMLInputElement | null) {
  field?.focus();
}

/** A form that asks once and says what went wrong. */
function useAsking(ask: () => Promise<{ data?: SignedIn }>) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      keep((await ask()).data);
    } catch (error) {
      setProblem(problemOf(error));
    }
    setBusy(false);
  };
  return { problem, busy, submit };
}

function Enter() {
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const { problem, busy, submit } = useAsking(() => api.POST("/api/v1/session", { body: { user, password } }));
  const ways = $api.useQuery("get", "/api/v1/session/ways", {}, { staleTime: Number.POSITIVE_INFINITY });
  return (
    <form className="form" onSubmit={submit}>
      <TextField label="User" autoComplete="username" required ref={focused} value={user} change={setUser} />
      <TextField
        label="Password"
        type="password"
        autoComplete="current-password"
        required
        value={password}
        change={setPassword}
        error={problem?.detail}
      />
      <Button type="submit" look="primary" disabled={busy}>
        Sign in
      </Button>
      {ways.data?.oidc && (
        <a className="button" href="/sign-in/oidc">
          Sign in with single sign-on
        </a>
      )}
      <small>
        The first start of Segue prints a link that lets you in once. <code>segue user link NAME</code> prints another.
      </small>
    </form>
  );
}

function Choose({ user }: { user: string }) {
  const [password, setPassword] = useState("");
  const { problem, busy, submit } = useAsking(() =>
    api.POST("/api/v1/session/password", { body: { new: password, old: "" } }),
  );
  return (
    <form className="form" onSubmit={submit}>
      <p>
        Welcome, <bdi>{user}</bdi>. Choose the password with which you sign in from now on.
      </p>
      <NewPassword
        label="New password"
        ref={focused}
        minLength={12}
        value={password}
        change={setPassword}
        error={problem?.detail}
      />
      <Button type="submit" look="primary" disabled={busy}>
        Set the password
      </Button>
    </form>
  );
}
