import { useState } from "react";
import { api } from "~/api/client";
import { useChange } from "~/ui/change";
import { NewPassword, TextField } from "~/ui/TextField";
import { say } from "~/ui/toast";
import { Grants } from "./Grants";
import { cleaned, type Grant, personFieldOf } from "./grants";
import { type Link, USERS } from "./lists";
import { Making } from "./Making";

const WAYS = [
  ["link", "by a link that lets in once, to choose a password"],
  ["password", "with a password that I give"],
  ["provider", "by the provider of identities"],
] as const;

export function NewUser({ link, close }: { link: (link: Link) => void; close: () => void }) {
  const [name, setName] = useState("");
  const [way, choose] = useState<(typeof WAYS)[number][0]>("link");
  const [password, setPassword] = useState("");
  const [grants, setGrants] = useState<readonly Grant[]>([{ role: "viewer", select: "*" }]);
  const change = useChange();
  const detail = change.problem?.detail;
  const wrong = (field: string) => detail && personFieldOf(detail) === field && detail;
  const does = async () => {
    const body = {
      name: name.trim(),
      grants: cleaned(grants),
      password: way === "password" ? password : null,
      elsewhere: way === "provider",
    };
    const made = await change.run(() => api.POST("/api/v1/users", { body }), USERS);
    if (!made?.data) return;
    say(`${made.data.user.name} may enter now.`);
    close();
    if (made.data.link) link({ user: made.data.user.name, link: made.data.link });
  };
  return (
    <Making what="user" change={change} does={() => void does()} close={close}>
      <TextField
        label="Name"
        hint="lower case letters, digits and . _ + @ -"
        required
        value={name}
        change={setName}
        error={wrong("name")}
      />
      <fieldset className="settings-ways">
        <legend>Comes in</legend>
        {WAYS.map(([one, words]) => (
          <label key={one}>
            <input type="radio" name="way" checked={way === one} onChange={() => choose(one)} />
            {words}
          </label>
        ))}
      </fieldset>
      {way === "password" && <NewPassword value={password} change={setPassword} error={wrong("password")} />}
      <Grants grants={grants} change={setGrants} error={wrong("grants") || undefined} />
      {way !== "password" && wrong("password") && (
        <p className="why failed" role="alert">
          {detail}
        </p>
      )}
    </Making>
  );
}
