import type { ReactNode } from "react";
import type { AttemptItem } from "~/api/schema";
import { Lasting, Time } from "~/ui/parts";
import { bytes, count, length } from "~/ui/words";

interface Pair {
  readonly name: string;
  readonly value: ReactNode;
}

/** What is known of an attempt, as pairs; what is not known is left out. */
export function Facts({ of, zone }: { of: AttemptItem; zone: string }) {
  const pairs: readonly Pair[] = [
    { name: "queued", value: <Time at={of.queued_at} zone={zone} precision="second" /> },
    {
      name: "waited",
      value: of.started_at ? length(of.wait_seconds) : <Lasting start={of.queued_at} end={of.ended_at} />,
    },
    { name: "began", value: of.started_at && <Time at={of.started_at} zone={zone} precision="second" /> },
    { name: "ran", value: of.started_at && <Lasting start={of.started_at} end={of.ended_at} seconds={of.seconds} /> },
    { name: "CPU", value: of.cpu_seconds != null && length(of.cpu_seconds) },
    { name: "memory at most", value: of.peak_rss != null && bytes(of.peak_rss) },
    { name: "worker", value: of.worker },
    { name: "cause", value: of.cause && <code>{of.cause}</code> },
    { name: "exit code", value: of.exit_code },
    { name: "signal", value: of.signal },
    { name: "rows", value: of.rows != null && count(of.rows) },
    { name: "source", value: of.source && <bdi>{of.source}</bdi> },
    { name: "sort", value: of.kind !== "user" && of.kind },
    { name: "round", value: of.round > 1 && of.round },
    { name: "notes", value: of.notes.length > 0 && <bdi>{of.notes.join(" · ")}</bdi> },
  ];
  return (
    <dl className="att-facts">
      {pairs
        .filter(({ value }) => value != null && value !== false && value !== "")
        .map(({ name, value }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
