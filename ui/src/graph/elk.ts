/** A folded graph in elk's words, and its answer in ours. Pure. */
import type { ElkExtendedEdge, ElkNode } from "elkjs/lib/elk-api";
import type { Folded } from "./fold";
import { BOX, type Layout, PAD } from "./layered";
import { at } from "./order";

const OPTIONS = {
  "elk.algorithm": "layered",
  "elk.direction": "RIGHT",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.aspectRatio": "2",
  "elk.padding": "[top=0,left=0,bottom=0,right=0]",
  "elk.spacing.nodeNode": "18",
  "elk.spacing.componentComponent": "36",
  "elk.layered.spacing.nodeNodeBetweenLayers": "48",
  "elk.layered.spacing.edgeNodeBetweenLayers": "18",
  "elk.layered.mergeEdges": "true",
  "elk.layered.thoroughness": "3", // the default 7 takes twice as long for hardly fewer crossings
  "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
  "elk.layered.nodePlacement.bk.fixedAlignment": "BALANCED",
  "elk.json.shapeCoords": "ROOT",
  "elk.json.edgeCoords": "ROOT",
};
const GROUP = { "elk.padding": `[top=${PAD.top},left=${PAD.side},bottom=${PAD.bottom},right=${PAD.side}]` };

/** Boxes are `b0`, `b1` …, groups `g0` …, edges `e0` …: numbers, not the names of people. */
export function toElk({ boxes, within, parents, from, to }: Folded): ElkNode {
  const root: ElkNode = { id: "root", layoutOptions: OPTIONS, children: [] };
  const groups = Array.from(parents, (_, g): ElkNode => ({ id: `g${g}`, layoutOptions: GROUP, children: [] }));
  const holder = (g: number) => (g < 0 ? root : (groups[g] as ElkNode)).children;
  groups.forEach((group, g) => {
    holder(at(parents, g))?.push(group);
  });
  for (let i = 0; i < boxes; i++) holder(at(within, i))?.push({ id: `b${i}`, ...BOX });
  root.edges = Array.from(from, (box, e) => ({ id: `e${e}`, sources: [`b${box}`], targets: [`b${at(to, e)}`] }));
  return root;
}

export function fromElk({ boxes, from, parents }: Folded, answer: ElkNode): Layout {
  const x = new Float32Array(boxes);
  const y = new Float32Array(boxes);
  const groups = new Float32Array(4 * parents.length);
  const bends: (Float32Array | undefined)[] = Array.from(from, () => undefined);
  const todo = [answer];
  for (let node = todo.pop(); node; node = todo.pop()) {
    const number = Number(node.id.slice(1));
    if (node.id.startsWith("b")) {
      x[number] = node.x ?? 0;
      y[number] = node.y ?? 0;
    } else if (node.id.startsWith("g"))
      groups.set([node.x ?? 0, node.y ?? 0, node.width ?? 0, node.height ?? 0], 4 * number);
    for (const edge of node.edges ?? []) bends[Number(edge.id.slice(1))] = pointsOf(edge);
    todo.push(...(node.children ?? []));
  }
  return { x, y, groups, bends, width: answer.width ?? 0, height: answer.height ?? 0 };
}

function pointsOf(edge: ElkExtendedEdge): Float32Array | undefined {
  const section = edge.sections?.[0];
  if (!section || edge.sections?.length !== 1) return undefined;
  const points = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint];
  return Float32Array.from(points.flatMap((point) => [point.x, point.y]));
}
