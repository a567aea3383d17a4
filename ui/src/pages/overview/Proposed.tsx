import { Link } from "@tanstack/react-router";
import { ActButton } from "~/act/Acting";
import type { BackfillItem } from "~/api/schema";
import { Ago, Copy } from "~/ui/parts";
import { State } from "~/ui/State";
import { many } from "~/ui/words";

/** A backfill that waits for somebody's word: nothing of it runs before. */
export function Proposed({ of }: { of: BackfillItem }) {
  return (
    <li>
      <State state="proposed" />
      <div className="said">
        <div className="one">
          <p className="what">
            <Link to="/backfills/$backfill" params={{ backfill: of.id }}>
              backfill {of.id} of <bdi>{of.dag_id}</bdi>
            </Link>
            <Ago at={of.created_at} />
          </p>
          <p className="text">
            {many(of.intervals, "interval waits", "intervals wait")} for somebody's word: {of.reason}
          </p>
          <Copy text={`segue backfills resume ${of.id}`} />
        </div>
      </div>
      <div className="mend">
        <ActButton act={{ act: "backfills.resume", of: { backfills: [of.id] } }} dag={of.dag_id}>
          Start it…
        </ActButton>
      </div>
    </li>
  );
}
