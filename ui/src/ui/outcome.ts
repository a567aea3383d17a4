/** What becomes of an act: what its answer calls pending is asked after until the scheduler has said yes or no. */
import { api, Problem } from "~/api/client";
import type { Outcome, RequestState } from "~/api/schema";
import { say } from "./toast";

/** How a request is asked after, and what passes between two questions. */
export interface Asking {
  readonly ask: (id: string) => Promise<RequestState | undefined>;
  readonly rest: (time: number) => Promise<unknown>;
  readonly times: number;
}

const PATIENT: Asking = {
  ask: async (id) => (await api.GET("/api/v1/requests/{id}", { params: { path: { id } } })).data,
  rest: (time) => new Promise((resolve) => setTimeout(resolve, Math.min(400 * 1.1 ** time, 5_000))),
  times: 150, // eleven minutes
};

const AT_ONCE = 50;
const A_MINUTE = 29; // questions: so long a form stands still

/** An outcome, and again each time that more of it is known; what is pending after the last question, stays so. */
export async function* following(first: Outcome, { ask, rest, times }: Asking = PATIENT): AsyncGenerator<Outcome> {
  yield first;
  let outcome = first;
  for (let time = 0; outcome.pending.length > 0 && time < times; time += 1) {
    await rest(time);
    const some = outcome.pending.slice(0, AT_ONCE);
    // A question that fails is asked again: the act itself has been taken.
    const states = await Promise.all(some.map((one) => ask(one.request_id).catch(() => undefined)));
    const more = answered(outcome, states);
    if (more.pending.length < outcome.pending.length) yield more;
    outcome = more;
  }
}

/** An outcome with what has been answered since. Pure. */
export function answered(outcome: Outcome, states: readonly (RequestState | undefined)[]): Outcome {
  const known = new Map(states.flatMap((state) => (state?.ok == null ? [] : [[state.id, state] as const])));
  const done = [...outcome.done];
  const refused = [...outcome.refused];
  for (const { object, request_id } of outcome.pending) {
    const state = known.get(request_id);
    if (state?.ok) done.push({ object, text: state.text, request_id, run_id: state.run_id ?? null });
    else if (state) refused.push({ object, why: state.text, request_id });
  }
  return { done, refused, pending: outcome.pending.filter((one) => !known.has(one.request_id)) };
}

/** Say what has become of an act; a refusal is thrown. */
export async function tell(outcome: Outcome): Promise<Outcome> {
  let all = outcome;
  for await (all of following(outcome, { ...PATIENT, times: A_MINUTE }));
  const refused = all.refused[0];
  if (refused && all.done.length === 0) throw new Problem(409, "not done", refused.why);
  for (const one of all.done.slice(0, 3)) say(one.text);
  for (const one of all.refused.slice(0, 3)) say(`${one.object}: ${one.why}`, true);
  if (all.pending.length)
    say("It was asked for; nothing has answered yet. The audit will tell what became of it.", true);
  return all;
}
