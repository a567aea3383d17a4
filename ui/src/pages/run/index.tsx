import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { HeldTasks } from "~/act/Held";
import { $api } from "~/api/client";
import type { RunWhole } from "~/api/schema";
import type { Search } from "~/search";
import { Answer, Panel, Tabs } from "~/ui/parts";
import { Compare } from "./Compare";
import { Events } from "./Events";
import { Params } from "./Facts";
import { Affected, Failure } from "./Failure";
import { useNewer } from "./newer";
import { offersOf } from "./offers";
import { Picked } from "./Picked";
import { Results } from "./Results";
import { RunHead } from "./RunHead";
import { Tasks } from "./Tasks";
import { Timeline } from "./Timeline";
import "./run.css";

const RunGraph = lazy(() => import("./Graph").then((module) => ({ default: module.RunGraph })));

const TABS = [
  ["graph", "Graph"],
  ["timeline", "Timeline"],
  ["tasks", "Tasks"],
  ["events", "Events"],
  ["params", "Params"],
  ["results", "Results"],
  ["compare", "Compare"],
] as const;
type Tab = (typeof TABS)[number][0];

export default function Page() {
  const { run = "" } = useParams({ strict: false });
  const asked = $api.useQuery("get", "/api/v1/runs/{run}", { params: { path: { run }, query: { most: 0 } } });
  return <Answer of={asked}>{(whole) => <Run run={whole} />}</Answer>;
}

function Run({ run }: { run: RunWhole }) {
  const search: Search = useSearch({ strict: false });
  const newer = useNewer(run);
  const offers = offersOf(run, newer.newer);
  const tab = TABS.find(([name]) => name === search.tab)?.[0] ?? "graph";
  const beside = search.task && !["params", "results", "compare"].includes(tab) ? search.task : undefined;
  const troubled = ["failed", "interrupted"].includes(run.state) || (run.state === "held" && run.culprits.length > 0);
  return (
    <>
      <RunHead run={run} newer={newer} offers={offers} />
      {troubled && <Failure run={run} newer={newer} offers={offers} />}
      {(run.counts?.held ?? 0) > 0 && <HeldTasks run={run.run_id} />}
      {run.state === "held" && !troubled && (
        <Panel className="run-fail held">
          <div className="body">
            <Affected run={run} />
          </div>
        </Panel>
      )}
      <Tabs<Tab> tabs={TABS} at={tab} search={(to) => ({ tab: to, task: search.task })} />
      <div className={beside ? "run-split" : undefined}>
        <div className="run-main">
          <Shown tab={tab} run={run} search={search} />
        </div>
        {beside && <Picked key={beside} run={run} name={beside} />}
      </div>
    </>
  );
}

function Shown({ tab, run, search }: { tab: Tab; run: RunWhole; search: Search }) {
  const navigate = useNavigate();
  const pick = (task: string) =>
    void navigate({ to: ".", search: ((old: Search) => ({ ...old, task })) as never, resetScroll: false });
  switch (tab) {
    case "graph":
      return (
        <Suspense fallback={<p className="empty">The graph is being drawn…</p>}>
          <RunGraph run={run.run_id} picked={search.task} onPick={pick} />
        </Suspense>
      );
    case "timeline":
      return <Timeline run={run} />;
    case "tasks":
      return <Tasks run={run} search={search} />;
    case "events":
      return <Events run={run} search={search} />;
    case "params":
      return <Params run={run} />;
    case "results":
      return <Results run={run} />;
    case "compare":
      return <Compare run={run} search={search} />;
  }
}
