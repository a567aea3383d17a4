import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { ParamForm } from "~/act/ParamForm";
import { filled, fieldOf as paramFieldOf, refusedParam } from "~/act/params";
import { $api, api, problemOf } from "~/api/client";
import type { Outcome } from "~/api/schema";
import { tell, useChange } from "~/ui/change";
import { Button, Copy, Field, Panel } from "~/ui/parts";
import { useSettled } from "~/ui/useSettled";
import { DagField } from "./DagField";
import { Plan } from "./Plan";
import { RangeField } from "./RangeField";
import { bodyOf, commandOf, fieldOf, ONLY, ORDERS, toggled, type Wish, type WishField } from "./wish";

const SAID = { oldest: "the oldest first", newest: "the newest first", parallel: "in any order" } as const;

/** The form of a new backfill; what it would do is shown as one types. */
export function NewBackfill({
  dag,
  range,
  only,
  close,
}: {
  dag: string;
  range: string;
  only: readonly string[];
  close: () => void;
}) {
  const [wish, setWish] = useState<Wish>({ dag, range, order: "oldest", cap: "4", only, params: {}, reason: "" });
  const set = (part: Partial<Wish>) => setWish((old) => ({ ...old, ...part }));
  const params = useParamsOf(wish.dag, (values) => set({ params: values }));
  const settled = useSettled(wish, 300);
  const planned = usePlan(settled.value);
  const change = useChange();
  const navigate = useNavigate();
  const fault = change.problem ?? (planned.error ? problemOf(planned.error) : null);
  const refused = fault && refusedParam(fault.detail, params.fields);
  const wrong = (field: WishField) => (fault && !refused && fieldOf(fault.detail) === field ? fault.detail : undefined);
  const fresh = !settled.changing && !planned.isFetching;
  const ready = fresh && params.complete && !planned.error && (planned.data?.intervals.length ?? 0) > 0;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const body = bodyOf(wish, false);
    if (!body) return;
    const path = { dag: wish.dag };
    const made = await change.run(
      async (headers) => {
        const { data } = await api.POST("/api/v1/dags/{dag}/backfills", { params: { path }, body, headers });
        return { data: await tell(data as Outcome) };
      },
      ["/api/v1/backfills"],
    );
    if (!made) return;
    const backfill = made.data?.done[0]?.backfill_id;
    if (backfill) void navigate({ to: "/backfills/$backfill", params: { backfill } });
    else void navigate({ to: "/backfills", search: { dag: wish.dag } }); // answered late: it is on the list
  };
  return (
    <Panel title="New backfill" aside={<Button onClick={close}>Close</Button>}>
      <form className="backfills-new" onSubmit={submit} onChange={change.clear}>
        <div className="form">
          <Field label="DAG" error={wrong("dag")}>
            {(id) => (
              <DagField
                id={id}
                required
                value={wish.dag}
                change={(one) => set(one === wish.dag ? {} : { dag: one, params: {} })}
              />
            )}
          </Field>
          <RangeField range={wish.range} change={(one) => set({ range: one })} error={wrong("range")} />
          <Which only={wish.only} change={(one) => set({ only: one })} error={wrong("only")} />
          <div className="row backfills-pair">
            <Field label="Order">
              {(id) => (
                <select
                  id={id}
                  value={wish.order}
                  onChange={(event) => set({ order: event.target.value as Wish["order"] })}
                >
                  {ORDERS.map((order) => (
                    <option key={order} value={order}>
                      {SAID[order]}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            <Field label="Runs at once" error={wrong("cap")}>
              {(id) => (
                <input
                  id={id}
                  type="number"
                  min={1}
                  max={1000}
                  required
                  value={wish.cap}
                  onChange={(event) => set({ cap: event.target.value })}
                />
              )}
            </Field>
          </div>
          <ParamForm
            fields={params.fields}
            texts={params.texts}
            wrong={refused ? { ...params.wrong, [refused.name]: refused.says } : params.wrong}
            tell={params.tell}
          />
          {wrong("params") && (
            <p className="why failed" role="alert">
              {wrong("params")}
            </p>
          )}
          <Field label="Reason" hint="Kept with it, and with each of its runs." error={wrong("reason")}>
            {(id) => <input id={id} value={wish.reason} onChange={(event) => set({ reason: event.target.value })} />}
          </Field>
          <div className="row">
            <Button type="submit" look="primary" disabled={!ready || change.busy}>
              {change.busy ? "Starting…" : "Start the backfill"}
            </Button>
            <Copy text={commandOf(wish, params.secrets)} />
          </div>
        </div>
        <Plan plan={planned.error ? undefined : planned.data} waiting={!fresh} asked={bodyOf(wish, true) !== null} />
      </form>
    </Panel>
  );
}

/** The form of a DAG's params; what it says goes to `take`. */
function useParamsOf(dag: string, take: (values: Readonly<Record<string, unknown>>) => void) {
  const [typed, type] = useState<{ dag: string; texts: Readonly<Record<string, string>> }>({ dag, texts: {} });
  const asked = $api.useQuery(
    "get",
    "/api/v1/dags/{dag}",
    { params: { path: { dag } } },
    { enabled: dag !== "", retry: false, staleTime: 60_000 },
  );
  const fields = dag && asked.data ? asked.data.params.map(paramFieldOf) : [];
  const texts = typed.dag === dag ? typed.texts : {};
  const { wrong, missing } = filled(fields, texts);
  return {
    fields,
    texts,
    wrong,
    secrets: fields.filter((field) => field.kind === "secret").map((field) => field.name),
    complete: missing.length === 0 && Object.keys(wrong).length === 0,
    tell: (name: string, text: string) => {
      const next = { ...texts, [name]: text };
      type({ dag, texts: next });
      take(filled(fields, next).values);
    },
  };
}

function usePlan(wish: Wish) {
  const body = bodyOf(wish, true);
  return useQuery({
    queryKey: ["plan of a backfill", wish.dag, body],
    enabled: body !== null,
    retry: false,
    staleTime: 0,
    queryFn: async ({ signal }) => {
      if (!body) return null;
      const params = { path: { dag: wish.dag } };
      const { data } = await api.POST("/api/v1/dags/{dag}/backfills", { params, body, signal });
      return data && "intervals" in data ? data : null;
    },
    placeholderData: (old) => old,
  });
}

function Which({
  only,
  change,
  error,
}: {
  only: readonly string[];
  change: (only: string[]) => void;
  error: string | undefined;
}) {
  return (
    <fieldset className="backfills-which">
      <legend>Which intervals</legend>
      {[...ONLY, "all"].map((state) => (
        <label key={state}>
          <input type="checkbox" checked={only.includes(state)} onChange={() => change(toggled(only, state))} />
          {state}
        </label>
      ))}
      {(error || only.length === 0) && (
        <small className="wrong" role="alert">
          {error ?? "Choose at least one."}
        </small>
      )}
    </fieldset>
  );
}
