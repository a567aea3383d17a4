/** Names into narrow boxes. Pure, but for what measures. */

const letters = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const RIGHT_TO_LEFT = /^[^\p{L}]*[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/** A text cut in its middle until it is no wider than it may be: names that differ at their ends stay different. */
export function shortened(text: string, width: number, measure: (text: string) => number): string {
  if (measure(text) <= width) return text;
  const parts = Array.from(letters.segment(text), (part) => part.segment);
  let low = 0;
  let high = parts.length - 1;
  const cut = (kept: number) =>
    `${parts.slice(0, Math.ceil(kept / 2)).join("")}…${parts.slice(parts.length - Math.floor(kept / 2)).join("")}`;
  while (low < high) {
    const kept = Math.ceil((low + high) / 2);
    if (measure(cut(kept)) <= width) low = kept;
    else high = kept - 1;
  }
  return cut(low);
}

/** Whether a name is read from the right. */
export function fromRight(text: string): boolean {
  return RIGHT_TO_LEFT.test(text);
}

/** The name of a task inside its group: without what the frame around it says already. */
export function inside(id: string, group: string): string {
  return group && id.startsWith(`${group}.`) && id.length > group.length + 1 ? id.slice(group.length + 1) : id;
}
