import { lazy, Suspense, useState } from "react";
import { $api } from "~/api/client";
import { Answer } from "~/ui/parts";

const CodeDiffOf = lazy(() => import("~/pages/run/CodeDiffOf").then((module) => ({ default: module.CodeDiffOf })));

/** What lies between the code of a run and the newest, as soon as somebody wants to see it. */
export function Code({ run }: { run: string }) {
  const [open, setOpen] = useState(false);
  return (
    <details className="act-part" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>The code, line by line</summary>
      {open && <Versions run={run} />}
    </details>
  );
}

function Versions({ run }: { run: string }) {
  const asked = $api.useQuery("get", "/api/v1/runs/{run}", { params: { path: { run }, query: { most: 0 } } });
  return <Answer of={asked}>{({ dag_id, version }) => <Lines dag={dag_id} old={version} />}</Answer>;
}

function Lines({ dag, old }: { dag: string; old: number }) {
  const asked = $api.useQuery("get", "/api/v1/dags/{dag}/diff", { params: { path: { dag }, query: { old } } });
  return (
    <Answer of={asked}>
      {(diff) => (
        <Suspense>
          <CodeDiffOf diff={diff} />
        </Suspense>
      )}
    </Answer>
  );
}
