/** How the dialog of an act asks the server: for the plan as often as the answers change, for the deed once. */
import { keepPreviousData, useMutation, useQueries, useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { $api, api, Problem } from "~/api/client";
import type { Outcome } from "~/api/schema";
import { once } from "~/ui/change";
import { say } from "~/ui/toast";
import { useSettled } from "~/ui/useSettled";
import type { Request } from "./request";
import { answered, outcomeOf, type Plan } from "./size";

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

interface Sent {
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a request carries: the same key as the one before where it asks for the same, so that it is done once. */
export function sending(before: Sent | null, request: Request): Sent {
  const text = JSON.stringify(request);
  return before?.text === text ? before : { text, headers: once() };
}

/** Does an act. */
export function useDoing() {
  const sent = useRef<Sent | null>(null);
  const here = useRef(true);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  return useMutation({
    mutationFn: (request: Request) => {
      sent.current = sending(sent.current, request);
      return send<Outcome>(request, { headers: sent.current.headers });
    },
    onSuccess: (outcome) => {
      if (!here.current) say(outcomeOf(outcome), outcome.done.length === 0);
    },
    onError: (error) => {
      if (error instanceof Problem && error.status === 409) sent.current = null; // that was an answer: the next is another question
      if (!here.current) say(error.message, true);
    },
  });
}

const POLLED = 50;

/** An outcome; what it says is pending is asked about until it is answered. */
export function useAnswered(outcome: Outcome | undefined): Outcome | undefined {
  const states = useQueries({
    queries: (outcome?.pending ?? []).slice(0, POLLED).map(({ request_id: id }) => ({
      ...$api.queryOptions("get", "/api/v1/requests/{id}", { params: { path: { id } } }),
      refetchInterval: ({ state }: { state: { data?: { ok?: boolean | null } } }) =>
        state.data?.ok == null ? 1_000 : false,
      staleTime: 0,
    })),
    combine: (all) => all.map((one) => one.data),
  });
  return outcome && answered(outcome, states);
}
