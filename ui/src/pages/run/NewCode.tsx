import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { $api } from "~/api/client";
import type { RunWhole } from "~/api/schema";
import { Answer } from "~/ui/parts";
import { CodeDiffOf } from "./CodeDiffOf";
import type { Newer } from "./newer";

const SHOWN = 5;

/** That what failed has newer code, which a rerun takes. */
export function NewCode({ run, newer }: { run: RunWhole; newer: Newer }) {
  const versions = { tab: "versions", old: String(run.version), new: String(newer.version) };
  return (
    <section>
      <h3>Newer code</h3>
      <p>
        version {newer.version}; this run has {run.version}:{" "}
        <Link to="/dags/$dag" params={{ dag: run.dag_id }} search={versions as never} className="link">
          what differs
        </Link>
      </p>
      <ul className="run-alike">
        {newer.tasks.slice(0, SHOWN).map((one) => (
          <li key={one.task_id}>
            <bdi>{one.task_id}</bdi>: {one.text}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What the newer code changes, line by line, as soon as somebody wants to see it. */
export function Differs({ run, version }: { run: RunWhole; version: number }) {
  const [open, setOpen] = useState(false);
  const path = { dag: run.dag_id };
  const query = { old: run.version, new: version };
  const asked = $api.useQuery("get", "/api/v1/dags/{dag}/diff", { params: { path, query } }, { enabled: open });
  return (
    <details className="run-diff" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>What the newer code changes</summary>
      {open && <Answer of={asked}>{(diff) => <CodeDiffOf diff={diff} />}</Answer>}
    </details>
  );
}
