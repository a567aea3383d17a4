import { useQuery } from "@tanstack/react-query";
import { createElement, Fragment, useEffect, useState } from "react";
import { queries } from "~/api/client";
import { usePulse } from "~/live/hooks";
import { now } from "~/ui/clock";
import { hour } from "~/ui/time";
import { follow, ills, sentence, type Vitals } from "./vitals";

const KEY = ["readyz"];
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** `/readyz` says 503 with the parts that are not well: that is an answer here, not a failure. */
async function examine({ signal }: { signal: AbortSignal }): Promise<Vitals> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(4_000)]);
  const found = await (await fetch("/readyz", { signal: patience })).json();
  return follow(queries.getQueryData<Vitals>(KEY), found, now());
}

export function useVitals() {
  return useQuery({ queryKey: KEY, queryFn: examine, refetchInterval: 1_500, retry: false, staleTime: 0 });
}

/** Says across the page what is not well: nobody schedules, the store is away, the server does not answer. */
export function Health() {
  const { data, error, dataUpdatedAt } = useVitals();
  const deaf = useLasting(usePulse() === "waiting", 4_000);
  if (error)
    return (
      <div className="banner bad" role="alert">
        <p>
          <strong>The server does not answer: perhaps nobody schedules.</strong>{" "}
          <span className="since">
            <Coded text="`segue up` starts it again." /> What is shown
            {dataUpdatedAt ? ` is as of ${hour(dataUpdatedAt, ZONE)}` : " may be old"}; the page goes on asking and
            comes back by itself.
          </span>
        </p>
      </div>
    );
  const ill = data ? ills(data) : [];
  if (ill.length)
    return (
      <div className={`banner ${data?.ready ? "wait" : "bad"}`} role="alert">
        {ill.map((part) => (
          <p key={part.name}>
            <strong>
              <Coded text={sentence(part.name)} />
            </strong>{" "}
            <span className="since">
              Since {hour(part.since, ZONE)}
              {part.detail && (
                <>
                  : <Coded text={part.detail} />
                </>
              )}
            </span>
          </p>
        ))}
      </div>
    );
  if (data && deaf)
    return (
      <div className="banner wait" role="status">
        The live stream is broken off: figures move only when asked for. Connecting again…
      </div>
    );
  return null;
}

/** A sentence whose `commands` stand as code. */
export function Coded({ text }: { text: string }) {
  const parts = text.split("`").map((part, index) => (index % 2 ? createElement("code", null, part) : part));
  return createElement(Fragment, null, ...parts);
}

/** Whether something has been so for a while: what passes at once need not be told. */
function useLasting(so: boolean, milliseconds: number): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!so) return setLasting(false);
    const timer = setTimeout(() => setLasting(true), milliseconds);
    return () => clearTimeout(timer);
  }, [so, milliseconds]);
  return lasting;
}
