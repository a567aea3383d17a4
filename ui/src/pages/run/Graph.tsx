import { useCallback } from "react";
import { $api } from "~/api/client";
import type { Event } from "~/api/schema";
import { Graph } from "~/graph/Canvas";
import { listen } from "~/live/stream";
import { Answer } from "~/ui/parts";

/** The graph of a run: every task as it stands now, and what lies downstream of what failed. */
export function RunGraph({ run, picked, onPick }: { run: string; picked?: string; onPick: (task: string) => void }) {
  const asked = $api.useQuery("get", "/api/v1/runs/{run}/graph", { params: { path: { run } } });
  const printed = asked.data?.run_id ?? run;
  const hear = useCallback(
    (tell: (event: Event) => void) =>
      listen((news) => {
        if (news.type === "event" && news.event.run === printed) tell(news.event);
      }),
    [printed],
  );
  return (
    <Answer of={asked}>
      {(page) => (
        <Graph
          key={page.run_id}
          page={page}
          asking={asked.isFetching}
          hear={hear}
          picked={picked?.replace(/\[\d+\]$/, "")} // of an item its task
          onPick={onPick}
          label={`graph of ${page.run_id}`}
        />
      )}
    </Answer>
  );
}
