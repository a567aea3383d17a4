/** Requests that change something: one at a time, with what went wrong beside the form, and an end that is known. */
import { type RefObject, useEffect, useRef, useState } from "react";
import { type Problem, problemOf, queries } from "~/api/client";
import type { ObjectPlan, Outcome } from "~/api/schema";
import { tell } from "./outcome";
import { say } from "./toast";

export type Key = Readonly<{ "Idempotency-Key": string }>;

interface Answered<T> {
  data?: T;
}

export interface Change {
  readonly busy: boolean;
  readonly problem: Problem | null;
  /**
   * Ask once; null: it went wrong, and `problem` says how. `old` are paths whose answers are old afterwards. Asked again
   * for the same (`what`) after no answer came, it carries the same key, so that the server does it once.
   */
  run<T>(
    ask: (key: Key) => Promise<Answered<T>>,
    old?: readonly string[],
    what?: string,
  ): Promise<{ data: T | undefined } | null>;
  /** The same of an act: it is waited for, and what has become of it is said. */
  act(
    ask: (key: Key) => Promise<Answered<Outcome | ObjectPlan>>,
    old: readonly string[],
    what?: string,
  ): Promise<boolean>;
  /** Forget what went wrong: what is asked next is another question. */
  clear(): void;
}

export function useChange(): Change {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const sent = useRef<Sent | null>(null);
  const here = useHere();
  const run: Change["run"] = async (ask, old = [], what = "") => {
    setBusy(true);
    setProblem(null);
    sent.current = sending(sent.current, what);
    try {
      const { data } = await ask(sent.current.key);
      sent.current = null;
      for (const path of old) void queries.invalidateQueries({ queryKey: ["get", path] });
      return { data };
    } catch (error) {
      const why = problemOf(error);
      if (why.status >= 400 && why.status < 500) sent.current = null; // that was an answer
      if (here.current) setProblem(why);
      else say(why.message, true);
      return null;
    } finally {
      setBusy(false);
    }
  };
  return {
    busy,
    problem,
    run,
    act: async (ask, old, what) =>
      (await run(async (key) => ({ data: await tell((await ask(key)).data as Outcome) }), old, what)) !== null,
    clear: () => {
      sent.current = null;
      setProblem(null);
    },
  };
}

interface Sent {
  readonly what: string;
  readonly key: Key;
}

/** What a request carries: the same key as the one before where it asks for the same, so that it is done once. */
export function sending(before: Sent | null, what: string): Sent {
  return before?.what === what ? before : { what, key: once() };
}

/** What an act's request carries, so that sent twice it is done once. */
export function once(): Key {
  const random = crypto.getRandomValues(new Uint8Array(16));
  return { "Idempotency-Key": Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("") };
}

/** Whether the component is still on the page; what it waits for may come later. */
export function useHere(): RefObject<boolean> {
  const here = useRef(true);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  return here;
}
