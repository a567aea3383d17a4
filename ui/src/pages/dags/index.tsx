import { keepPreviousData } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import { ActButton } from "~/act/Acting";
import { $api } from "~/api/client";
import { itemsOf, PAGED } from "~/api/paging";
import type { DagItem } from "~/api/schema";
import { SPARK_KEYS, useKeys } from "~/ui/keys";
import { NextPage } from "~/ui/NextPage";
import { Answer, Button, Empty, Head, Panel } from "~/ui/parts";
import { count, many } from "~/ui/words";
import { Filters } from "./Filters";
import { isFiltered, questionOf, type Words } from "./filters";
import { Table } from "./Table";
import "./dags.css";

/** Every DAG that one may see, filtered by the words of the address. */
export default function Page() {
  const words: Words = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = useCallback(
    (some: Words) =>
      void navigate({ to: "/dags", search: (before: Words) => ({ ...before, ...some }), replace: true } as never),
    [navigate],
  );
  const asked = $api.useInfiniteQuery(
    "get",
    "/api/v1/dags",
    { params: { query: { ...questionOf(words), runs: 20, limit: 100 } } },
    { ...PAGED, placeholderData: keepPreviousData },
  );
  useKeys(SPARK_KEYS);
  const items = itemsOf(asked.data?.pages);
  return (
    <>
      <Head
        title="DAGs"
        note={asked.data && (asked.hasNextPage ? `${count(items.length)} and more` : many(items.length, "DAG"))}
      />
      <Filters words={words} change={change} items={items} />
      <Panel>
        <Answer of={asked} lines={6}>
          {() => (
            <>
              <List items={items} filtered={isFiltered(words)} change={change} />
              <NextPage of={asked}>More DAGs</NextPage>
            </>
          )}
        </Answer>
      </Panel>
    </>
  );
}

function List({
  items,
  filtered,
  change,
}: {
  items: readonly DagItem[];
  filtered: boolean;
  change: (words: Words) => void;
}) {
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  if (!items.length)
    return filtered ? (
      <Empty>
        No DAG fits these filters. <Button onClick={() => change(NOTHING)}>Show all</Button>
      </Empty>
    ) : (
      <Empty>
        No DAG yet. <code>segue init</code> makes a project that runs; a file in the folder of DAGs shows here by
        itself.
      </Empty>
    );
  const dags = items.map((dag) => dag.dag_id).filter((dag) => chosen.has(dag));
  return (
    <>
      <Table items={items} chosen={chosen} choose={choose} change={change} />
      {dags.length > 0 && (
        <div className="bulk" role="toolbar" aria-label="acts on the chosen DAGs">
          <strong>{many(dags.length, "DAG")} chosen</strong>
          <ActButton act={{ act: "trigger", of: { dags } }}>Trigger…</ActButton>
          <ActButton act={{ act: "pause", of: { dags } }}>Pause…</ActButton>
          <ActButton act={{ act: "unpause", of: { dags } }}>Unpause…</ActButton>
          <Button look="quiet" onClick={() => choose(new Set())}>
            Choose none
          </Button>
        </div>
      )}
    </>
  );
}

const NOTHING: Words = {
  text: undefined,
  tag: undefined,
  owner: undefined,
  location: undefined,
  state: undefined,
  paused: undefined,
};
