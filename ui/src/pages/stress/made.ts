/** Made-up graphs, the same for the same numbers. Pure. */
import type { Event, GraphPage, Node } from "~/api/schema";

export const RUN = "made_up@2026-11-22";
const STATES = ["success", "success", "success", "success", "success", "running", "queued", "skipped", "up_for_retry"];
const ROLES = ["source", "transform", "curated", "consumer"];
const NAMES = [
  "משימה_ראשונה",
  "مهمة_التنظيف_اليومية",
  "🧹🧺_clean_👩‍👩‍👧‍👦",
  `${"a_very_long_name_of_a_task_that_goes_on_and_".repeat(6).slice(0, 246)}_end`,
];

function dice(seed: number): (below: number) => number {
  let now = seed;
  return (below) => {
    now = (now * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((now / 2_147_483_648) * below);
  };
}

/** A graph of about twice as many edges as nodes, some hundred of its ends far apart; groups of fifty if they are wanted. */
export function madeGraph(nodes: number, grouped: boolean): GraphPage {
  const below = dice(nodes + 1);
  const wide = Math.max(2, Math.round(Math.sqrt(nodes) / 1.4));
  const named = (i: number) => NAMES[i - 3] ?? `task_${String(i).padStart(5, "0")}`;
  const groupOf = (i: number) => (grouped ? `part_${Math.floor(i / 500)}.piece_${Math.floor(i / 50)}` : "");
  const ids = Array.from({ length: nodes }, (_, i) => (grouped ? `${groupOf(i)}.${named(i)}` : named(i)));
  const edges = ids.flatMap((target, i) => {
    if (i < wide) return [];
    const far = below(50) === 0 ? below(i) : undefined;
    const ups = new Set([i - wide, i - wide + 1 - below(3), far ?? i - wide].filter((up) => up >= 0 && up < i));
    return [...ups].map((up, k) => ({ source: ids[up] ?? "", target, sort: k ? "order" : "data" }));
  });
  const made = ids.map((id, i): Node => {
    const state = i === Math.floor(nodes * 0.6) ? "failed" : (STATES[below(STATES.length)] ?? "");
    const mapped = i % 40 === 7;
    return {
      id,
      kind: i % 90 === 11 ? "sensor" : "task",
      group: groupOf(i),
      mapped,
      role: i % 6 === 0 ? ROLES[below(4)] : null,
      state: mapped ? "running" : state,
      counts: mapped ? { success: 40, running: 12, failed: i % 3, queued: 9 } : {},
      seconds: state === "success" ? below(90_000) / 100 : null,
      blast: false,
      why: state === "queued" ? "it waits for a slot of pool default (8 of 8 are taken)" : "",
    };
  });
  return {
    dag_id: "made_up",
    version: 1,
    digest: `made-up ${nodes} ${grouped}`,
    run_id: RUN,
    state: "running",
    nodes: blasted(made, edges),
    edges,
    groups: grouped ? groupsOf(nodes) : [],
  };
}

function groupsOf(nodes: number) {
  const part = (p: number) => ({ id: `part_${p}`, parent: "", tasks: Math.min(500, nodes - 500 * p) });
  const piece = (g: number) => ({
    id: `part_${Math.floor(g / 10)}.piece_${g}`,
    parent: `part_${Math.floor(g / 10)}`,
    tasks: Math.min(50, nodes - 50 * g),
  });
  return [
    ...Array.from({ length: Math.ceil(nodes / 500) }, (_, p) => part(p)),
    ...Array.from({ length: Math.ceil(nodes / 50) }, (_, g) => piece(g)),
  ];
}

function blasted(nodes: Node[], edges: GraphPage["edges"]): Node[] {
  const hit = new Set(nodes.filter((node) => node.state === "failed").map((node) => node.id));
  for (const { source, target } of edges) if (hit.has(source)) hit.add(target); // edges come upstream first
  const stopped = (node: Node) => node.state !== "failed" && hit.has(node.id);
  return nodes.map((node) =>
    stopped(node) ? { ...node, blast: true, state: "pending", counts: {}, seconds: null } : node,
  );
}

/** Events of a run that goes on and on: the `n`-th. */
export function madeEvent(page: GraphPage, n: number): Event {
  const node = page.nodes[(n * 7919) % page.nodes.length];
  const round = Math.floor(n / page.nodes.length) % 2;
  return {
    seq: n,
    at: new Date(1_795_000_000_000 + n).toISOString(),
    kind: "task",
    dag: page.dag_id,
    run: RUN,
    task: node?.id,
    old: node?.state,
    new: round ? "success" : "running",
    why: "",
    actor: "",
  } as Event;
}
