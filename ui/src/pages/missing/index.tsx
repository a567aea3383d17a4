import { keepPreviousData } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ActButton } from "~/act/Acting";
import { $api } from "~/api/client";
import { itemsOf, PAGED } from "~/api/paging";
import type { Hole } from "~/api/schema";
import type { Search } from "~/search";
import { ranked } from "~/ui/marks";
import { NextPage } from "~/ui/NextPage";
import { Answer, Copy, Empty, Head, Panel } from "~/ui/parts";
import { State } from "~/ui/State";
import { Typed } from "~/ui/Typed";
import { count, many } from "~/ui/words";
import { rangeIn } from "../overview/attention";
import "./missing.css";

const DAYS = [1, 7, 30, 90, 366];

/** What should be there and is not, DAG by DAG, with what fills it. */
export default function Page() {
  const words = useSearch({ strict: false });
  const navigate = useNavigate();
  const days = DAYS.find((some) => String(some) === words.days) ?? 30;
  const change = (some: Record<string, string | undefined>) =>
    void navigate({ to: "/missing", search: (before: Search) => ({ ...before, ...some }), replace: true } as never);
  const asked = $api.useInfiniteQuery(
    "get",
    "/api/v1/missing",
    { params: { query: { days, tag: words.tag, owner: words.owner, limit: 100 } } },
    { ...PAGED, placeholderData: keepPreviousData },
  );
  return (
    <>
      <Head
        title="Missing"
        note="Intervals that should be there by now and are not good: missing, failed, stale or held."
      />
      <search className="filters">
        <select
          aria-label="how far back"
          value={days}
          onChange={(event) => change({ days: event.target.value === "30" ? undefined : event.target.value })}
        >
          {DAYS.map((some) => (
            <option key={some} value={some}>
              the last {many(some, "day")}
            </option>
          ))}
        </select>
        <Typed name="tag" label="tag" words={words} change={change} />
        <Typed name="owner" label="owner" words={words} change={change} />
      </search>
      <Panel>
        <Answer of={asked}>
          {({ pages }) => {
            const holes = itemsOf(pages);
            if (!holes.length)
              return (
                <Empty>Nothing is missing: every interval of the last {many(days, "day")} is there and good.</Empty>
              );
            return (
              <>
                <Holes holes={holes} />
                <NextPage of={asked}>More DAGs</NextPage>
              </>
            );
          }}
        </Answer>
      </Panel>
    </>
  );
}

function Holes({ holes }: { holes: readonly Hole[] }) {
  return (
    <div className="scroll">
      <table className="missing-table">
        <thead>
          <tr>
            <th scope="col">DAG</th>
            <th scope="col">Intervals</th>
            <th scope="col">First</th>
            <th scope="col">Last</th>
            <th scope="col">What fills it</th>
            <th scope="col">
              <span className="sr">act</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {holes.map((hole) => (
            <tr key={hole.dag_id}>
              <td className="name">
                <Link to="/dags/$dag" params={{ dag: hole.dag_id }} search={{ tab: "calendar" }}>
                  <bdi>{hole.dag_id}</bdi>
                </Link>
              </td>
              <td className="counts">
                {ranked(hole.counts).map(([state, n]) => (
                  <span key={state}>
                    <b className="number">{count(n)}</b> <State state={state} />
                  </span>
                ))}
              </td>
              <td className="number">{hole.first}</td>
              <td className="number">{hole.last === hole.first ? "the same" : hole.last}</td>
              {hole.command ? (
                <>
                  <td>
                    <Copy text={hole.command} />
                  </td>
                  <td className="act">
                    <ActButton act={{ act: "backfill", dag: hole.dag_id, ...rangeIn(hole.command) }} dag={hole.dag_id}>
                      Fill…
                    </ActButton>
                  </td>
                </>
              ) : (
                <td colSpan={2}>
                  no backfill: somebody releases or rejects{" "}
                  <Link to="/runs" search={{ dag: hole.dag_id, state: "held" }} className="link">
                    what is held
                  </Link>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
