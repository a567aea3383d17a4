import { Link } from "@tanstack/react-router";
import { $api } from "~/api/client";
import type { Overview } from "~/api/schema";
import { SPARK_KEYS, useKeys } from "~/ui/keys";
import { ranked } from "~/ui/marks";
import { Answer, Head } from "~/ui/parts";
import { State } from "~/ui/State";
import { count } from "~/ui/words";
import { Attention } from "./Attention";
import { Dags } from "./Dags";
import "./overview.css";

const QUESTION = { params: { query: { runs: 28, hours: 24 } } };

/** What an on-call engineer sees first: what needs somebody, how every DAG goes, and what comes. */
export default function Page() {
  const asked = $api.useQuery("get", "/api/v1/overview", QUESTION, { refetchInterval: 60_000 });
  useKeys(SPARK_KEYS);
  return (
    <>
      <Head title="Overview">{asked.data && <Counts of={asked.data} />}</Head>
      <Answer of={asked} lines={6}>
        {(overview) => (
          <>
            <Attention of={overview} />
            <Dags of={overview} />
          </>
        )}
      </Answer>
    </>
  );
}

/** Runs that have not ended, each state a way to its list. */
function Counts({ of }: { of: Overview }) {
  const counts = ranked(of.counts ?? {});
  if (!counts.length) return <span className="muted">no run is going on</span>;
  return counts.map(([state, n]) => (
    <Link key={state} to="/runs" search={{ state }} className="counted">
      <b className="number">{count(n)}</b> <State state={state} />
    </Link>
  ));
}
