import { $api } from "~/api/client";
import { itemsOf, PAGED } from "~/api/paging";
import { reaches, useRole } from "~/api/session";
import { NextPage } from "~/ui/NextPage";
import { Answer, Empty, Panel, Time } from "~/ui/parts";
import { Mark } from "~/ui/State";
import { OkFilter, okOf, TextFilter } from "./TextFilter";

type Filters = Record<string, string | undefined>;

/** Signing in, changes of users and tokens, and what was denied. */
export function Access({ search, change }: { search: Filters; change: (filters: Filters) => void }) {
  const may = reaches(useRole("*"), "admin");
  const asked = $api.useInfiniteQuery(
    "get",
    "/api/v1/audit/access",
    { params: { query: { actor: search.actor || undefined, ok: okOf(search.ok), limit: 50 } } },
    { ...PAGED, enabled: may, refetchInterval: 15_000 },
  );
  if (!may)
    return (
      <Panel>
        <Empty>Who came in, and who was turned away, is shown to the role admin on everything.</Empty>
      </Panel>
    );
  return (
    <>
      <div className="filters audit-filters">
        <TextFilter name="who" value={search.actor} change={(actor) => change({ actor })} />
        <OkFilter value={search.ok} change={(ok) => change({ ok })} />
      </div>
      <Panel>
        <Answer of={asked} lines={6}>
          {(data) => {
            const items = itemsOf(data.pages);
            if (!items.length) return <Empty>Nothing fits these filters.</Empty>;
            return (
              <>
                {/* biome-ignore lint/a11y/useSemanticElements: a stretch that scrolls must be reachable by the keyboard */}
                {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
                <div className="scroll" role="group" aria-label="who asked for what" tabIndex={0}>
                  <table className="audit-table">
                    <thead>
                      <tr>
                        <th>When (UTC)</th>
                        <th>Who</th>
                        <th>What</th>
                        <th>Of whom</th>
                        <th>How it went</th>
                        <th>From</th>
                      </tr>
                    </thead>
                    <tbody>
                      {items.map((item) => (
                        <tr key={item.id} className={item.ok ? "" : "audit-refused"}>
                          <td className="audit-when">
                            <Time at={item.at} precision="second" />
                          </td>
                          <td>{item.actor ? <bdi>{item.actor}</bdi> : <span className="none">nobody known</span>}</td>
                          <td className="audit-act">
                            <bdi>{item.act}</bdi>
                          </td>
                          <td>
                            <bdi>{item.target}</bdi>
                          </td>
                          <td className="wide">
                            <Mark state={item.ok ? "success" : "failed"} size={12} />{" "}
                            <span className="audit-answer">{item.text}</span>
                          </td>
                          <td>{item.address}</td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
                <NextPage of={asked}>Older ones</NextPage>
              </>
            );
          }}
        </Answer>
      </Panel>
    </>
  );
}
