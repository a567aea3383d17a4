import { useState } from "react";
import { $api } from "~/api/client";
import type { RunWhole } from "~/api/schema";
import { Answer, Button, Empty, Panel } from "~/ui/parts";
import { count, label } from "~/ui/words";
import { PreviewOf } from "./Preview";

const STEP = 30;

/** What its tasks made, as far as it is shown. */
export function Results({ run }: { run: RunWhole }) {
  const [text, setText] = useState("");
  const [shown, setShown] = useState(STEP);
  const asked = $api.useQuery("get", "/api/v1/runs/{run}/results", { params: { path: { run: run.run_id } } });
  return (
    <Panel>
      <div className="panel-head">
        <input
          type="search"
          aria-label="results of tasks whose name contains"
          placeholder="name contains…"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </div>
      <Answer of={asked}>
        {(all) => {
          const low = text.toLowerCase();
          const found = all.filter((one) => label(one.task_id, one.map_index).toLowerCase().includes(low));
          if (found.length === 0) return <Empty>{text ? "No result fits." : "Nothing has been made yet."}</Empty>;
          return (
            <div className="body run-results">
              {found.slice(0, shown).map((one) => (
                <PreviewOf key={`${one.task_id} ${one.map_index}`} of={one} />
              ))}
              {found.length > shown && (
                <Button onClick={() => setShown(shown + STEP)}>{count(found.length - shown)} more</Button>
              )}
            </div>
          );
        }}
      </Answer>
    </Panel>
  );
}
