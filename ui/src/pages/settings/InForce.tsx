import { useState } from "react";
import { $api } from "~/api/client";
import type { Setting } from "~/api/schema";
import { Answer, Panel } from "~/ui/parts";
import { Barred } from "./Barred";

/** What is set, and where: the file, the environment, or nobody. */
export function InForce() {
  return (
    <Barred needs="admin" what="Settings">
      <List />
    </Barred>
  );
}

function List() {
  const asked = $api.useQuery("get", "/api/v1/settings", {});
  const [only, setOnly] = useState(false);
  return (
    <Panel
      title="Settings in force"
      aside={
        <label>
          <input type="checkbox" checked={only} onChange={(event) => setOnly(event.target.checked)} />
          only what somebody set
        </label>
      }
    >
      <Answer of={asked}>
        {(settings) => <Table settings={settings.filter((one) => !only || one.origin !== "default")} />}
      </Answer>
    </Panel>
  );
}

function Table({ settings }: { settings: readonly Setting[] }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a stretch that scrolls must be reachable by the keyboard
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <div className="scroll" role="group" aria-label="settings in force" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th>Name</th>
            <th>Value</th>
            <th>Set in</th>
          </tr>
        </thead>
        <tbody>
          {settings.map((one) => (
            <tr key={one.name}>
              <td className="settings-line">
                <code>{one.name}</code>
              </td>
              <td className="wide">
                {one.value != null ? <code>{one.value}</code> : <span className="none">not told here</span>}
              </td>
              <td className="settings-line">
                {one.origin === "default" ? <span className="muted">default</span> : <code>{one.origin}</code>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
