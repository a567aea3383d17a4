import { useState } from "react";
import { quoted } from "~/act/command";
import { api } from "~/api/client";
import type { ChannelTried } from "~/api/schema";
import { reaches, useRole } from "~/api/session";
import { useChange } from "~/ui/change";
import { Button, Copy, Empty, Field, Panel, Trouble } from "~/ui/parts";
import { State } from "~/ui/State";

/** Sends a letter to channels and says whether it has arrived. */
export function Channels() {
  const may = reaches(useRole("*"), "operator");
  const [names, setNames] = useState("");
  const [tried, setTried] = useState<readonly ChannelTried[]>([]);
  const change = useChange();
  const test = async () => {
    setTried([]);
    const channels = names.split(/[\s,]+/).filter(Boolean);
    const told = await change.run(() => api.POST("/api/v1/alerts/test", { body: { channels, dry_run: false } }));
    if (told?.data) setTried(told.data);
  };
  if (!may)
    return (
      <Panel>
        <Empty>Testing channels needs the role operator on everything: the letter goes to all who listen there.</Empty>
      </Panel>
    );
  return (
    <Panel title="Do letters arrive?">
      <form
        className="form alerts-new"
        onSubmit={(event) => {
          event.preventDefault();
          void test();
        }}
      >
        <Field label="Channels" hint="By name, as the settings have them; none: all.">
          {(id) => (
            <input
              id={id}
              placeholder="oncall, mail"
              spellCheck={false}
              autoComplete="off"
              value={names}
              onChange={(event) => setNames(event.target.value)}
            />
          )}
        </Field>
        <div className="row">
          <Button type="submit" look="primary" disabled={change.busy}>
            {change.busy ? "Sending…" : "Send a test letter"}
          </Button>
          <Copy text={`segue alerts test${names.trim() ? ` ${quoted(names.trim())}` : ""}`} />
        </div>
        {change.problem && <Trouble error={change.problem} />}
        <ul aria-live="polite">
          {tried.map((one) => (
            <li key={one.channel}>
              <State state={one.ok ? "sent" : "failed"} /> <bdi>{one.channel}</bdi>
              {one.text && <span className="muted">: {one.text}</span>}
            </li>
          ))}
        </ul>
      </form>
    </Panel>
  );
}
