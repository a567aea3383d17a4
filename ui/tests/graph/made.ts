import type { GraphPage, Node } from "~/api/schema";

/** A graph in short: `a>b` an edge of data, `a-b` one of order, tasks by name, `group.task` in a group. */
export function graph(text: string, states: Record<string, Partial<Node>> = {}): GraphPage {
  const nodes = new Map<string, Node>();
  const edges: GraphPage["edges"] = [];
  const groups = new Map<string, number>();
  const add = (id: string) => {
    if (nodes.has(id)) return;
    const parts = id.split(".").slice(0, -1);
    const base = { kind: "task", mapped: false, state: "", blast: false, why: "" };
    nodes.set(id, { ...base, id, group: parts.join("."), ...states[id] });
    parts.forEach((_, i) => {
      const group = parts.slice(0, i + 1).join(".");
      groups.set(group, (groups.get(group) ?? 0) + 1);
    });
  };
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const [, source = "", sort, target] = /^([^>-]+)(?:([>-])(.+))?$/.exec(word) ?? [];
    add(source);
    if (!target) continue;
    add(target);
    edges.push({ source, target, sort: sort === ">" ? "data" : "order" });
  }
  return {
    dag_id: "made",
    version: 1,
    digest: text,
    run_id: "made@1",
    state: "",
    nodes: [...nodes.values()],
    edges,
    groups: [...groups].map(([id, tasks]) => ({ id, parent: id.split(".").slice(0, -1).join("."), tasks })),
  };
}
