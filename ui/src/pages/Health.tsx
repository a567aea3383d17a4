import { useQuery } from "@tanstack/react-query";
import type { Readiness } from "~/api/schema";
import { usePulse } from "~/live/hooks";

/** `/readyz` says 503 with the parts that are not well: that is an answer here, not a failure. */
async function examine({ signal }: { signal: AbortSignal }): Promise<Readiness> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(8_000)]);
  return (await fetch("/readyz", { signal: patience })).json();
}

export function useReadiness() {
  return useQuery({ queryKey: ["readyz"], queryFn: examine, refetchInterval: 2_500, retry: false });
}

/** Says across the page what is not well: nobody schedules, the store is away, the server does not answer. */
export function Health() {
  const { data, error } = useReadiness();
  const pulse = usePulse();
  if (error)
    return (
      <div className="banner bad" role="alert">
        The server does not answer. What is shown may be old; the page goes on asking.
      </div>
    );
  const ill = data?.parts.filter((part) => !part.ok) ?? [];
  if (ill.length)
    return (
      <div className={`banner ${data?.ready ? "wait" : "bad"}`} role="alert">
        {ill.map((part) => (
          <div key={part.name}>
            {part.name}: {part.detail}
          </div>
        ))}
      </div>
    );
  if (data && pulse === "waiting")
    return (
      <div className="banner wait" role="status">
        Connecting to the live stream…
      </div>
    );
  return null;
}
