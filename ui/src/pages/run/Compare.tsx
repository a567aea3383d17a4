import { useNavigate } from "@tanstack/react-router";
import { useId } from "react";
import { $api } from "~/api/client";
import { problemOf } from "~/api/problem";
import type { RunWhole } from "~/api/schema";
import type { Search } from "~/search";
import { Answer, Empty, Panel } from "~/ui/parts";
import { CodeDiffOf } from "./CodeDiffOf";

/** What lies between another run and this one; the last good one before it, unless one is named. */
export function Compare({ run, search }: { run: RunWhole; search: Search }) {
  const id = useId();
  const navigate = useNavigate();
  const others = $api.useQuery("get", "/api/v1/runs", { params: { query: { dag: run.dag_id, limit: 50 } } });
  const path = { run: run.run_id };
  const query = { other: search.other || undefined };
  const asked = $api.useQuery("get", "/api/v1/runs/{run}/diff", { params: { path, query } }, { retry: false });
  const error: unknown = asked.error;
  const problem = error == null ? null : problemOf(error);
  return (
    <Panel>
      <form
        className="panel-head"
        onSubmit={(event) => {
          event.preventDefault();
          const other = new FormData(event.currentTarget).get("other");
          void navigate({ to: ".", search: { tab: "compare", other: String(other ?? "") } as never });
        }}
      >
        <h2>Compare</h2>
        <label htmlFor={id}>with</label>
        <input
          key={search.other}
          id={id}
          name="other"
          list={`${id}-runs`}
          placeholder="the last good run before it"
          defaultValue={search.other}
          size={34}
        />
        <datalist id={`${id}-runs`}>
          {others.data?.items
            .filter((one) => one.run_id !== run.run_id)
            .map((one) => (
              <option key={one.run_id} value={one.run_id}>
                {one.state}
              </option>
            ))}
        </datalist>
        <button type="submit" className="button plain">
          Compare
        </button>
      </form>
      <div className="body">
        {problem?.status === 404 ? (
          <Empty>{problem.detail}</Empty>
        ) : (
          <Answer of={asked}>{(diff) => <CodeDiffOf diff={diff} />}</Answer>
        )}
      </div>
    </Panel>
  );
}
