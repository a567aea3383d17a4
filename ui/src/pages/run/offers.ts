/** What makes sense with a run, or a task of it, as it is now; what is best comes first. Pure. */
import type { Act } from "~/act/act";
import { quoted } from "~/act/command";

export interface Offer {
  readonly words: string;
  readonly act: Act;
  readonly look: "primary" | "plain" | "danger";
  /** What one would type for it. */
  readonly command: string;
}

const UNFINISHED = ["queued", "running", "held", "interrupted"];

/** For a run. `newer`: what failed in it has newer code. */
export function offersOf(run: { run_id: string; state: string }, newer: boolean): Offer[] {
  const { run_id: id, state } = run;
  const of = { runs: [id] };
  const name = quoted(id);
  const make = (words: string, act: Act, command: string, look: Offer["look"] = "plain"): Offer => {
    return { words, act, look, command: `segue ${command}` };
  };
  const retry = make("Retry", { act: "retry", of }, `retry ${name}`);
  const failed = make(
    newer ? "Rerun failed with new code" : "Rerun failed",
    { act: "rerun", of, failed: true },
    `rerun ${name} --failed`,
  );
  const rerun = make("Rerun all", { act: "rerun", of }, `rerun ${name}`);
  const cancel = make("Cancel", { act: "cancel", of }, `cancel ${name}`, "danger");
  const mark = make("Mark…", { act: "mark", of, task: "" }, `mark ${name} TASK success`);
  const offers: Offer[] = [];
  if (state === "held")
    offers.push(
      make("Release", { act: "release", of }, `release ${name}`),
      make("Reject", { act: "reject", of }, `reject ${name}`, "danger"),
    );
  if (state === "failed") offers.push(...(newer ? [failed, retry] : [retry, failed]), rerun);
  if (state === "interrupted") offers.push(retry);
  if (state === "cancelled") offers.push(...(newer ? [failed, retry] : [retry]), rerun);
  if (state === "success") offers.push(rerun);
  if (UNFINISHED.includes(state)) offers.push(cancel);
  offers.push(mark);
  const [first, ...others] = offers;
  const urgent = first && ["failed", "interrupted", "held", "cancelled"].includes(state);
  return first && urgent ? [{ ...first, look: "primary" }, ...others] : offers;
}

const RETRIED = ["failed", "upstream_failed", "cancelled"];

/** For one task of it, or one item. */
export function taskOffers(run: { run_id: string; state: string }, task: string, state: string): Offer[] {
  const of = { runs: [run.run_id] };
  const words = `${quoted(run.run_id)} ${quoted(task)}`;
  const offers: Offer[] = [];
  const put = (title: string, act: Act, command: string, look: Offer["look"] = "plain") =>
    offers.push({ words: title, act, look, command: `segue ${command}` });
  if (state === "held") {
    put("Release", { act: "release", of, task }, `release ${words}`);
    put("Reject", { act: "reject", of, task }, `reject ${words}`, "danger");
  }
  if (RETRIED.includes(state) && !["queued", "running"].includes(run.state))
    put("Retry", { act: "retry", of, tasks: [task] }, `retry ${words}`);
  if (state === "success" && !UNFINISHED.includes(run.state) && !task.includes("["))
    put("Rerun from here", { act: "rerun", of, tasks: [task] }, `rerun ${quoted(run.run_id)} --from ${quoted(task)}`);
  put("Mark…", { act: "mark", of, task }, `mark ${words} success`);
  return offers;
}

/** `clean[3]` as a task and a number. */
export function parseLabel(label: string): { task: string; index: number | null } {
  const found = /^(.*)\[(\d{1,9})\]$/s.exec(label);
  return found ? { task: found[1] ?? "", index: Number(found[2]) } : { task: label, index: null };
}
