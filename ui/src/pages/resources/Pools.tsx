import type { PoolItem } from "~/api/schema";
import { Empty, Panel } from "~/ui/parts";
import { count } from "~/ui/words";

/** Pools: how full they are, and how many wait for room. */
export function Pools({ pools = [] }: { pools?: readonly PoolItem[] }) {
  return (
    <Panel title="Pools">
      {pools.length ? (
        <ul className="pools">
          {pools.map((pool) => (
            <li key={pool.name}>
              <bdi>{pool.name}</bdi>
              {pool.slots == null ? (
                <span className="muted unknown">{count(pool.used)} used; the settings know its size</span>
              ) : (
                <>
                  <meter
                    min={0}
                    max={Math.max(pool.slots, 1)}
                    value={Math.min(pool.used, pool.slots)}
                    aria-label={`used of ${pool.name}`}
                  />
                  <span className="number">
                    {count(pool.used)} of {count(pool.slots)}
                  </span>
                </>
              )}
              <span className={pool.waiting ? "waits" : "muted"}>
                {pool.waiting ? `${count(pool.waiting)} wait` : "none wait"}
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <Empty>
          No pool: tasks wait for workers alone. <code>segue pool set NAME SLOTS</code> makes one.
        </Empty>
      )}
    </Panel>
  );
}
