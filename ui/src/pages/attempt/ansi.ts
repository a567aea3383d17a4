/**
 * Text with colour codes of a terminal (SGR) as spans. Pure.
 *
 * Colours become words (`ink-red`, `ground-blue`) that the style sheet ties to tokens; the 256 and the 16 million
 * colours become the nearest of the eight, so that every text is legible on light and on dark. Codes that are no SGR
 * are dropped here, too, although the server has dropped them already.
 */
export interface Span {
  readonly text: string;
  readonly look: string;
}

const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the codes that are looked for
const CODES = /\x1b\[([0-9;:]*)m|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

interface Pen {
  ink: string;
  ground: string;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  under: boolean;
  struck: boolean;
  turned: boolean;
}

const blank = (): Pen => ({
  ink: "",
  ground: "",
  bold: false,
  dim: false,
  italic: false,
  under: false,
  struck: false,
  turned: false,
});

/** The spans of a text, in order; neighbours that look alike are one. */
export function spansOf(text: string): Span[] {
  const spans: Span[] = [];
  let pen = blank();
  let at = 0;
  const put = (piece: string) => {
    if (!piece) return;
    const look = lookOf(pen);
    const last = spans.at(-1);
    if (last?.look === look) spans[spans.length - 1] = { text: last.text + piece, look };
    else spans.push({ text: piece, look });
  };
  for (const code of text.matchAll(CODES)) {
    put(text.slice(at, code.index));
    at = code.index + code[0].length;
    if (code[1] !== undefined) pen = painted(pen, code[1].split(/[;:]/).map(Number));
  }
  put(text.slice(at));
  return spans;
}

/** The text alone. */
export function plainOf(text: string): string {
  return text.replace(CODES, "");
}

function lookOf(pen: Pen): string {
  const ink = pen.turned ? pen.ground || "turned" : pen.ink;
  const ground = pen.turned ? pen.ink || "turned" : pen.ground;
  const words = [ink && `ink-${ink}`, ground && `ground-${ground}`];
  for (const word of ["bold", "dim", "italic", "under", "struck"] as const) words.push(pen[word] ? word : "");
  return words.filter(Boolean).join(" ");
}

const SWITCHES: Record<number, Partial<Pen>> = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { under: true },
  7: { turned: true },
  9: { struck: true },
  21: { under: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { under: false },
  27: { turned: false },
  29: { struck: false },
  39: { ink: "" },
  49: { ground: "" },
};

function painted(pen: Pen, codes: readonly number[]): Pen {
  let next = { ...pen };
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0;
    if (code === 0) next = blank();
    else if (code === 38 || code === 48) {
      const [colour, used] = extended(codes.slice(i + 1));
      i += used;
      if (colour) next[code === 38 ? "ink" : "ground"] = colour;
    } else if (SWITCHES[code]) Object.assign(next, SWITCHES[code]);
    else {
      const basic = COLOURS[code % 10];
      const tens = Math.floor(code / 10);
      if (basic && (tens === 3 || tens === 9)) next.ink = code === 90 ? "grey" : basic;
      if (basic && (tens === 4 || tens === 10)) next.ground = code === 100 ? "grey" : basic;
    }
  }
  return next;
}

/** A colour of the larger palettes, and how many codes it took. */
function extended(codes: readonly number[]): [string, number] {
  if (codes[0] === 5 && codes[1] !== undefined) return [ofPalette(codes[1]), 2];
  if (codes[0] === 2 && codes.length >= 4) return [nearest(codes[1] ?? 0, codes[2] ?? 0, codes[3] ?? 0), 4];
  return ["", codes.length];
}

function ofPalette(n: number): string {
  if (n < 16) return n === 8 ? "grey" : (COLOURS[n % 8] ?? "");
  if (n >= 232) return nearest(...([8 + (n - 232) * 10, 8 + (n - 232) * 10, 8 + (n - 232) * 10] as const));
  const level = (part: number) => (part === 0 ? 0 : 55 + part * 40);
  const cube = n - 16;
  return nearest(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

const HUES = ["red", "yellow", "green", "cyan", "blue", "magenta"] as const;

/** By hue; what has hardly any is black, grey or white. */
export function nearest(red: number, green: number, blue: number): string {
  const most = Math.max(red, green, blue);
  const span = most - Math.min(red, green, blue);
  if (span < 40) return most < 64 ? "black" : most < 176 ? "grey" : "white";
  const hue =
    most === red
      ? ((green - blue) / span + 6) % 6
      : most === green
        ? (blue - red) / span + 2
        : (red - green) / span + 4;
  return HUES[Math.round(hue) % 6] ?? "white";
}
