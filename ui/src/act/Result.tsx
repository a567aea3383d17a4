import { Link } from "@tanstack/react-router";
import { $api } from "~/api/client";
import type { Done, Outcome } from "~/api/schema";
import { Why } from "~/ui/parts";
import { State } from "~/ui/State";
import { count } from "~/ui/words";
import { Part, Refused } from "./lists";
import { outcomeOf, sentence } from "./size";

const SHOWN = 20;
const LIVE = 3;

/** What has become of an act, object by object. */
export function Result({ outcome, leave }: { outcome: Outcome; leave: () => void }) {
  const { done, refused, pending } = outcome;
  const live = done.filter((one) => one.run_id).slice(0, LIVE);
  return (
    <div className="act-result">
      <p role="status">
        <strong>{outcomeOf(outcome)}</strong>
      </p>
      {(done.length > 1 || live.length > 0 || done.some((one) => one.backfill_id)) && (
        <ul className="act-list">
          {done.slice(0, SHOWN).map((one) => (
            <li key={one.request_id}>
              <DoneOne one={one} leave={leave} bare={done.length === 1} />
              {one.run_id && live.includes(one) && <Live run={one.run_id} />}
            </li>
          ))}
          {done.length > SHOWN && <li className="muted">and {count(done.length - SHOWN)} more</li>}
        </ul>
      )}
      <Refused of={refused} />
      {pending.length > 0 && (
        <Part title="Not answered yet">
          <ul className="act-list">
            {pending.slice(0, SHOWN).map((one) => (
              <li key={one.request_id}>
                <bdi>{one.object}</bdi> <span className="muted">is still being asked for …</span>
              </li>
            ))}
            {pending.length > SHOWN && <li className="muted">and {count(pending.length - SHOWN)} more</li>}
          </ul>
        </Part>
      )}
    </div>
  );
}

function DoneOne({
  one,
  leave,
  bare = false,
}: {
  one: Pick<Done, "object" | "text" | "run_id" | "backfill_id">;
  leave: () => void;
  bare?: boolean;
}) {
  return (
    <>
      {one.backfill_id ? (
        <Link to="/backfills/$backfill" params={{ backfill: one.backfill_id }} className="link" onClick={leave}>
          backfill {one.backfill_id}
        </Link>
      ) : one.run_id ? (
        <Link to="/runs/$run" params={{ run: one.run_id }} className="link" onClick={leave}>
          <bdi>{one.run_id}</bdi>
        </Link>
      ) : (
        <bdi>{one.object}</bdi>
      )}
      {!bare && <span className="muted"> {sentence(one.text)}</span>}
    </>
  );
}

/** A run as it goes now. */
function Live({ run }: { run: string }) {
  const { data } = $api.useQuery("get", "/api/v1/runs/{run}", { params: { path: { run }, query: { most: 0 } } });
  if (!data) return null;
  const counts = data.counts ?? {};
  const all = Object.values(counts).reduce((a, b) => a + b, 0);
  const open = ["pending", "queued", "running", "up_for_retry", "deferred", "held"];
  const left = open.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
  return (
    <div className="act-live">
      <State state={data.state} />
      <span className="muted number">
        {count(all - left)} of {count(all)} tasks
      </span>
      {data.state !== "success" && <Why>{data.why}</Why>}
    </div>
  );
}
