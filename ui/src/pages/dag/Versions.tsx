import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { $api, api } from "~/api/client";
import type { DagPage, VersionItem } from "~/api/schema";
import { CodeDiffOf } from "~/pages/run/CodeDiffOf";
import { NextPage } from "~/ui/NextPage";
import { Answer, Empty, Panel, Time } from "~/ui/parts";

/** The versions of a DAG, and what lies between two of them. */
export default function Versions({ dag }: { dag: DagPage }) {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const asked = useInfiniteQuery({
    queryKey: ["get", "/api/v1/dags/{dag}/versions", { params: { path: { dag: dag.dag_id } } }],
    queryFn: async ({ pageParam, signal }) => {
      const params = { path: { dag: dag.dag_id }, query: { limit: 50, cursor: pageParam } };
      return (await api.GET("/api/v1/dags/{dag}/versions", { params, signal })).data;
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page?.next,
  });
  const known = asked.data?.pages.flatMap((page) => page?.items ?? []);
  const recent = (known ?? []).filter((one) => one.version !== dag.version)[0]?.version;
  const next = Number(search.new) || dag.version;
  const old = Number(search.old) || recent;
  const go = (some: { old?: number | undefined; new?: number }) =>
    void navigate({ to: ".", search: { tab: "versions", old, new: next, ...some } as never, replace: true });
  return (
    <div className="dag-code">
      <Panel title="Versions" aside="compare two">
        <Answer of={{ ...asked, data: known }}>
          {(versions) => (
            <div className="scroll">
              <table>
                <thead>
                  <tr>
                    <th>old</th>
                    <th>new</th>
                    <th>version</th>
                    <th>first seen</th>
                  </tr>
                </thead>
                <tbody>
                  {versions.map((one) => (
                    <Version key={one.version} of={one} zone={dag.timezone} old={old} next={next} go={go} />
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </Answer>
        <NextPage of={asked}>Older versions</NextPage>
      </Panel>
      <Panel title="What changed" className="dag-changed">
        {old === undefined ? (
          known && <Empty>There is one version. When its code changes, what changed stands here.</Empty>
        ) : (
          <Changed dag={dag.dag_id} old={old} next={next} />
        )}
      </Panel>
    </div>
  );
}

function Version({
  of,
  zone,
  old,
  next,
  go,
}: {
  of: VersionItem;
  zone: string;
  old: number | undefined;
  next: number;
  go: (some: { old?: number; new?: number }) => void;
}) {
  const at = of.version;
  return (
    <tr className={at === old || at === next ? "chosen" : ""}>
      <td>
        <input
          type="radio"
          name="old"
          aria-label={`from version ${at}`}
          checked={at === old}
          onChange={() => go({ old: at })}
        />
      </td>
      <td>
        <input
          type="radio"
          name="new"
          aria-label={`to version ${at}`}
          checked={at === next}
          onChange={() => go({ new: at })}
        />
      </td>
      <td>
        {at} {of.label && <bdi className="muted">{of.label}</bdi>}
      </td>
      <td className="dag-key">
        <Time at={of.created_at} zone={zone} />
      </td>
    </tr>
  );
}

function Changed({ dag, old, next }: { dag: string; old: number; next: number }) {
  const params = { path: { dag }, query: { old, new: next } };
  const asked = $api.useQuery("get", "/api/v1/dags/{dag}/diff", { params }, { staleTime: 60_000 });
  return (
    <Answer of={asked}>
      {(diff) => (
        <div className="body">
          <CodeDiffOf diff={diff} />
        </div>
      )}
    </Answer>
  );
}
