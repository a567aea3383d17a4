import { describe, expect, test } from "vitest";
import { closedAtFirst, fold, groupsOf } from "~/graph/fold";
import { madeGraph } from "~/pages/stress/made";
import { graph } from "./made";

function edges(folded: ReturnType<typeof fold>): string[] {
  return Array.from(folded.from, (a, e) => {
    const sort = folded.data[e] ? ">" : "-";
    return `${folded.ids[a]}${sort}${folded.ids[folded.to[e] as number]}`;
  });
}

describe("fold", () => {
  const page = graph("in>g.a g.a>g.deep.b g.deep.b>out g.a-out in-g.deep.b");

  test("open groups are frames around their boxes", () => {
    const folded = fold(page, new Set());
    expect(folded.ids).toEqual(["in", "g.a", "g.deep.b", "out"]);
    expect(folded.open).toEqual(["g", "g.deep"]);
    expect([...folded.parents]).toEqual([-1, 0]);
    expect([...folded.within]).toEqual([-1, 0, 1, -1]);
  });
  test("a closed group is one box; what goes in and out goes to it, once", () => {
    const folded = fold(page, new Set(["g"]));
    expect(folded.ids).toEqual(["in", "g", "out"]);
    expect(folded.held.get(1)).toEqual([1, 2]);
    expect(edges(folded)).toEqual(["in>g", "g>out"]);
  });
  test("a group that lies in a closed one is not seen, closed or open", () => {
    expect(fold(page, new Set(["g", "g.deep"])).ids).toEqual(["in", "g", "out"]);
    expect(fold(page, new Set(["g.deep"])).ids).toEqual(["in", "g.a", "g.deep", "out"]);
  });
  test("order and data between the same boxes count as data", () => {
    expect(edges(fold(graph("x-g.a x>g.b"), new Set(["g"])))).toEqual(["x>g"]);
  });
  test("an edge to a task that is not there is left out", () => {
    const broken = { ...page, edges: [...page.edges, { source: "in", target: "gone", sort: "data" }] };
    expect(fold(broken, new Set()).from.length).toBe(5);
  });
  test("a group that lies in itself ends", () => {
    const twisted = {
      ...page,
      groups: [
        { id: "g", parent: "g.deep", tasks: 1 },
        { id: "g.deep", parent: "g", tasks: 1 },
      ],
    };
    expect(fold(twisted, new Set()).boxes).toBe(4);
    expect(groupsOf(twisted, "g.deep.b")).toEqual(["g.deep", "g"]);
  });
  test("a big graph begins closed, but for the groups around what is to be seen", () => {
    const big = madeGraph(1_000, true);
    const closed = closedAtFirst(big, big.nodes[777]?.id);
    expect(closed.has("part_1")).toBe(false);
    expect(closed.has("part_1.piece_15")).toBe(false);
    expect(closed.has("part_0")).toBe(true);
    expect(closedAtFirst(page).size).toBe(0);
  });
});
