/** How the dialog of an act asks the server: for the plan as often as the answers change, for the deed once. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "~/api/client";
import type { Outcome } from "~/api/schema";
import { useChange, useHere } from "~/ui/change";
import { following } from "~/ui/outcome";
import { say } from "~/ui/toast";
import { useSettled } from "~/ui/useSettled";
import type { Request } from "./request";
import { outcomeOf, type Plan } from "./size";

type Send = (
  path: string,
  init: { params?: object; body: object; headers?: Record<string, string>; signal?: AbortSignal },
) => Promise<{ data?: unknown }>;

/** The paths of acts are made by `request.ts`, each with its body: what the server thinks of one, it says. */
const post = api.POST as unknown as Send;

async function send<T>(
  { path, dag, body }: Request,
  rest: { dry?: boolean; signal?: AbortSignal; headers?: Record<string, string> },
) {
  const { dry = false, ...init } = rest;
  const params = dag === undefined ? {} : { params: { path: { dag } } };
  const { data } = await post(path, { ...params, ...init, body: { ...body, dry_run: dry } });
  return data as T;
}

export interface Planned {
  /** The newest plan that has come, also while another is asked for. */
  readonly plan: Plan | undefined;
  readonly error: unknown;
  /** It is the plan of what the dialog says now. */
  readonly current: boolean;
  readonly asking: boolean;
  readonly again: () => void;
}

/** What an act would do; `request` null: something is still to be said. */
export function usePlan(request: Request | null): Planned {
  const { value: settled, changing } = useSettled(request, 350);
  const asked = useQuery<Plan>({
    queryKey: ["plan", settled],
    queryFn: ({ signal }) => (settled ? send<Plan>(settled, { dry: true, signal }) : Promise.reject(new TypeError())),
    enabled: settled !== null,
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 0,
  });
  const asking = changing || asked.isFetching;
  return {
    plan: asked.data,
    error: changing ? null : asked.error,
    current: request !== null && !asking && !asked.isPlaceholderData && asked.isSuccess,
    asking: request !== null && asking,
    again: () => void asked.refetch(),
  };
}

/** Does an act; what has become of it comes object by object, and is said where the dialog has gone by then. */
export function useDoing() {
  const { busy, problem, run, clear } = useChange();
  const [outcome, hear] = useState<Outcome>();
  const here = useHere();
  const does = async (request: Request) => {
    const sent = await run(
      (headers) => send<Outcome>(request, { headers }).then((data) => ({ data })),
      [],
      JSON.stringify(request),
    );
    if (!sent?.data) return;
    let last = sent.data;
    for await (last of following(sent.data)) hear(last);
    if (!here.current) say(outcomeOf(last), last.done.length === 0);
  };
  return { busy, problem, outcome, does, clear };
}
