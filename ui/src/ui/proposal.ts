import { type FormEvent, useState } from "react";
import type { ObjectPlan, Outcome } from "~/api/schema";
import { type Key, useChange } from "./change";

/** A request that can be tried dry; the key is of the deed alone. */
export type Proposed = (dry: boolean, headers?: Key) => Promise<{ data?: Outcome | ObjectPlan }>;

/** The plan in the answer of a dry run. */
export async function planIn(asked: ReturnType<Proposed>): Promise<ObjectPlan | null> {
  const { data } = await asked;
  return data && "objects" in data ? data : null;
}

/** A form whose request is tried dry first; `plan` is what is then to be confirmed. `old`: as of a change. */
export function useProposal(ask: Proposed, old: readonly string[], done: () => void) {
  const [plan, setPlan] = useState<ObjectPlan | null>(null);
  const preview = useChange();
  const change = useChange();
  const close = () => {
    change.clear();
    setPlan(null);
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const found = await preview.run(async () => ({ data: await planIn(ask(true)) }));
    if (found?.data) setPlan(found.data);
  };
  const does = async () => {
    if (!(await change.act((key) => ask(false, key), old))) return;
    close();
    done();
  };
  return {
    plan,
    refusal: preview.problem?.detail,
    busy: preview.busy,
    form: { onSubmit: (event: FormEvent) => void submit(event), onChange: preview.clear },
    confirm: { change, close, does: () => void does() },
  };
}
