import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { ActButton } from "~/act/Acting";
import { $api } from "~/api/client";
import type { AttemptItem } from "~/api/schema";
import type { Search } from "~/search";
import { Answer, Empty, Head, Panel, Why } from "~/ui/parts";
import { Mark, State } from "~/ui/State";
import { label } from "~/ui/words";
import { PreviewOf } from "../run/Preview";
import { Facts } from "./Facts";
import { Inputs } from "./Inputs";
import { LogView, type Sought } from "./LogView";
import { Waits } from "./Waits";
import "./attempt.css";

const PLACE = /^[1-9]\d{0,18}$/;

export default function Page() {
  const { attempt = "" } = useParams({ strict: false });
  const number = PLACE.test(attempt) ? Number(attempt) : 0;
  const asked = $api.useQuery(
    "get",
    "/api/v1/attempts/{attempt}",
    { params: { path: { attempt: number } } },
    { enabled: number > 0 },
  );
  if (!number)
    return (
      <>
        <Head title="attempt" />
        <Empty>An attempt has a number; “{attempt}” is none.</Empty>
      </>
    );
  return <Answer of={asked}>{(one) => <Attempt key={one.attempt_id} one={one} />}</Answer>;
}

function Attempt({ one }: { one: AttemptItem }) {
  const search: Search = useSearch({ strict: false });
  const path = { run: one.run_id };
  const run = $api.useQuery("get", "/api/v1/runs/{run}", { params: { path, query: { most: 0 } } });
  const query = { task: one.task_id, map_index: one.map_index, limit: 200 };
  const all = $api.useQuery("get", "/api/v1/runs/{run}/attempts", { params: { path, query } });
  const name = label(one.task_id, one.map_index);
  const results = $api.useQuery("get", "/api/v1/runs/{run}/results", { params: { path, query: { task: name } } });
  const zone = run.data?.timezone ?? "UTC";
  const dag = run.data?.dag_id;
  const siblings = all.data?.items ?? [one];
  const beside = siblings.find((other) => other.attempt_id === search.with && other !== one);
  return (
    <>
      <Head
        title={`${name} · attempt ${one.attempt}`}
        mark={<State state={one.state} size={18} />}
        crumbs={
          <>
            {dag && (
              <>
                <Link to="/dags/$dag" params={{ dag }}>
                  <bdi>{dag}</bdi>
                </Link>
                <span>/</span>
              </>
            )}
            <Link to="/runs/$run" params={{ run: one.run_id }}>
              <bdi>{one.run_id}</bdi>
            </Link>
            <span>/</span>
            <Link to="/runs/$run" params={{ run: one.run_id }} search={{ task: name } as never}>
              <bdi>{name}</bdi>
            </Link>
          </>
        }
        note={<Why state={one.state === "success" ? undefined : "failed"}>{one.reason}</Why>}
      >
        {dag && <Acts one={one} name={name} dag={dag} newest={siblings.at(-1)?.attempt_id === one.attempt_id} />}
      </Head>
      <Facts of={one} zone={zone} />
      <Siblings all={siblings} at={one} beside={beside?.attempt_id} />
      <div className={beside ? "att-beside" : undefined}>
        <Log one={one} zone={zone} search={search} titled={beside !== undefined} />
        {beside && <Log key={beside.attempt_id} one={beside} zone={zone} search={search} titled own />}
      </div>
      <div className="columns">
        <Inputs run={one.run_id} task={one.task_id} />
        <Panel title="Result of the task">
          <Answer of={results} lines={2}>
            {(made) =>
              made.length === 0 ? (
                <Empty>It has made nothing that is kept.</Empty>
              ) : (
                <div className="body">
                  {made.slice(0, 1).map((preview) => (
                    <PreviewOf key={preview.task_id} of={preview} name={false} />
                  ))}
                </div>
              )
            }
          </Answer>
        </Panel>
      </div>
    </>
  );
}

interface LogProps {
  one: AttemptItem;
  zone: string;
  search: Search;
  titled: boolean;
  own?: boolean; // the address holds the line of the other log
}

function Log({ one, zone, search, titled, own = false }: LogProps) {
  const [line, setLine] = useState<string | undefined>();
  const navigate = useNavigate();
  const show = (change: Sought) => {
    if ("line" in change && own) setLine(change.line);
    const { line: _, ...rest } = change;
    const wanted = own ? rest : change;
    if (Object.keys(wanted).length === 0) return;
    const next = (old: Search) => ({ ...old, ...wanted });
    void navigate({ to: ".", search: next as never, replace: true, resetScroll: false });
  };
  return (
    <div className="att-one">
      {titled && (
        <p className="att-which">
          <State state={one.state} /> attempt {one.attempt}
        </p>
      )}
      <LogView
        attempt={one.attempt_id}
        label={`log of ${label(one.task_id, one.map_index)}, attempt ${one.attempt}`}
        sought={own ? { ...search, line } : search}
        show={show}
        zone={zone}
        ended={one.ended_at !== null}
        good={one.state === "success"}
        nothing={<Waits one={one} />}
      />
    </div>
  );
}

const BAD = ["failed", "timed_out", "lost"];

function Acts({ one, name, dag, newest }: { one: AttemptItem; name: string; dag: string; newest: boolean }) {
  if (!newest) return null;
  const of = { runs: [one.run_id] };
  if (BAD.includes(one.state))
    return (
      <>
        <ActButton act={{ act: "retry", of, tasks: [name] }} dag={dag} look="primary">
          Retry this task
        </ActButton>
        <ActButton act={{ act: "mark", of, task: name }} dag={dag}>
          Mark…
        </ActButton>
      </>
    );
  return null;
}

/** The attempts of the task: each a link; another one can stand beside this one. */
function Siblings({ all, at, beside }: { all: readonly AttemptItem[]; at: AttemptItem; beside: string | undefined }) {
  if (all.length < 2) return null;
  return (
    <div className="att-siblings">
      <nav className="tabs" aria-label="attempts of this task">
        {all.map((other) => (
          <Link
            key={other.attempt_id}
            to="/attempts/$attempt"
            params={{ attempt: other.attempt_id }}
            className={other.attempt_id === at.attempt_id ? "here" : ""}
            aria-current={other.attempt_id === at.attempt_id ? "page" : undefined}
          >
            <Mark state={other.state} /> {other.attempt}
            {other.round > 1 && <small> round {other.round}</small>}
            {other.kind !== "user" && <small> {other.kind}</small>}
          </Link>
        ))}
      </nav>
      <span className="row att-with">
        beside:
        {all
          .filter((other) => other.attempt_id !== at.attempt_id)
          .slice(-6)
          .map((other) => (
            <Link
              key={other.attempt_id}
              to="."
              search={
                ((old: Search) => ({
                  ...old,
                  with: beside === other.attempt_id ? undefined : other.attempt_id,
                })) as never
              }
              replace
              className={`button${beside === other.attempt_id ? " primary" : ""}`}
              aria-current={beside === other.attempt_id ? "true" : undefined}
            >
              {other.attempt}
            </Link>
          ))}
      </span>
    </div>
  );
}
