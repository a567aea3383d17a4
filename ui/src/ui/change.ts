/** Requests that change something: one at a time, with what went wrong beside the form, and an end that is known. */
import { useRef, useState } from "react";
import { api, Problem, problemOf, queries } from "~/api/client";
import type { Outcome, RequestState } from "~/api/schema";
import { say } from "./toast";

type Key = { "Idempotency-Key": string };

interface Answered<T> {
  data?: T;
}

export interface Change {
  readonly busy: boolean;
  readonly problem: Problem | null;
  /**
   * Ask once; null: it went wrong, and `problem` says how. `old` are paths whose answers are old afterwards. Asked again
   * after no answer came, it carries the same key, so that the server does it once.
   */
  run<T>(ask: (key: Key) => Promise<Answered<T>>, old?: readonly string[]): Promise<{ data: T | undefined } | null>;
  /** Forget what went wrong: what is asked next is another question. */
  clear(): void;
}

export function useChange(): Change {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const key = useRef<Key | null>(null);
  async function run<T>(ask: (key: Key) => Promise<Answered<T>>, old: readonly string[] = []) {
    setBusy(true);
    setProblem(null);
    key.current ??= once();
    try {
      const { data } = await ask(key.current);
      key.current = null;
      for (const path of old) void queries.invalidateQueries({ queryKey: ["get", path] });
      return { data };
    } catch (error) {
      const why = problemOf(error);
      if (why.status >= 400 && why.status < 500) key.current = null; // that was an answer
      setProblem(why);
      return null;
    } finally {
      setBusy(false);
    }
  }
  const clear = () => {
    key.current = null;
    setProblem(null);
  };
  return { busy, problem, run, clear };
}

/** What an act's request carries, so that sent twice it is done once. */
export function once(): Key {
  const random = crypto.getRandomValues(new Uint8Array(16));
  return { "Idempotency-Key": Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("") };
}

/** How a request is asked after, and what passes between two questions. */
export interface Asking {
  readonly ask: (id: string) => Promise<Pick<RequestState, "ok" | "text" | "run_id"> | undefined>;
  readonly rest: () => Promise<unknown>;
  readonly times: number;
}

const PATIENT: Asking = {
  ask: async (id) => (await api.GET("/api/v1/requests/{id}", { params: { path: { id } } })).data,
  rest: () => new Promise((resolve) => setTimeout(resolve, 400)),
  times: 150, // a minute
};

/** An outcome in which nothing is pending any more; what is after the last question, stays so. */
export async function settled(outcome: Outcome, { ask, rest, times }: Asking = PATIENT): Promise<Outcome> {
  let [done, refused, pending] = [outcome.done, outcome.refused, outcome.pending];
  for (let time = 0; pending.length > 0 && time < times; time += 1) {
    await rest();
    const waiting: Outcome["pending"] = [];
    for (const one of pending) {
      const { object, request_id } = one;
      const state = await ask(request_id);
      if (state?.ok == null) waiting.push(one);
      else if (state.ok) done = [...done, { object, request_id, text: state.text ?? "", run_id: state.run_id }];
      else refused = [...refused, { object, request_id, why: state.text ?? "" }];
    }
    pending = waiting;
  }
  return { done, refused, pending };
}

/** Say what has become of an act; a refusal is thrown. */
export async function tell(outcome: Outcome): Promise<Outcome> {
  const all = await settled(outcome);
  const refused = all.refused[0];
  if (refused && all.done.length === 0) throw new Problem(409, "not done", refused.why);
  for (const one of all.done.slice(0, 3)) say(one.text);
  for (const one of all.refused.slice(0, 3)) say(`${one.object}: ${one.why}`, true);
  if (all.pending.length)
    say("It was asked for; nothing has answered yet. The audit will tell what became of it.", true);
  return all;
}
