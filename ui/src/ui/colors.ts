/** Tokens as a canvas wants them: resolved for the theme that is shown now. */

const known = new Map<string, string>();
let probe: HTMLElement | null = null;

/** `failed` as `rgb(193, 39, 47)`. */
export function colourOf(token: string): string {
  const found = known.get(token);
  if (found) return found;
  if (!probe) {
    probe = document.createElement("span");
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(--${token})`;
  const colour = getComputedStyle(probe).color;
  known.set(token, colour);
  return colour;
}

const repaint = new Set<() => void>();

/** Paint again when the theme changes. */
export function onTheme(paint: () => void): () => void {
  repaint.add(paint);
  return () => repaint.delete(paint);
}

export type Theme = "light" | "dark" | "system";

export function themeNow(): Theme {
  const kept = localStorage.getItem("theme");
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function setTheme(theme: Theme) {
  if (theme === "system") localStorage.removeItem("theme");
  else localStorage.setItem("theme", theme);
  showTheme();
}

/** Put the chosen theme on the page, and paint anew what is painted. */
export function showTheme() {
  const theme = themeNow();
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  known.clear();
  for (const paint of repaint) paint();
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showTheme);
