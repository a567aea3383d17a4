/** The keys of a list whose rows are `tr[data-run]` with a link of class `runs-link`. */
const WRITING = "input:not([type=checkbox]), select, textarea, dialog, [contenteditable]";

export function stepBy(event: KeyboardEvent, pick: (id: string, range: boolean) => void, none: () => void) {
  const at = event.target instanceof Element ? event.target : null;
  if (event.ctrlKey || event.metaKey || event.altKey || at?.closest(WRITING)) return;
  if (document.querySelector("dialog[open]")) return;
  const rows = [...document.querySelectorAll<HTMLElement>("tr[data-run]")];
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const row = rows[here];
  switch (event.key.toLowerCase()) {
    case "j":
      return focusRow(rows[Math.min(here + 1, rows.length - 1)]);
    case "k":
      return focusRow(rows[Math.max(here - 1, 0)]);
    case "x":
      if (row?.dataset.run) pick(row.dataset.run, event.shiftKey);
      return;
    case "escape":
      return none();
  }
}

function focusRow(row: HTMLElement | undefined) {
  row?.querySelector<HTMLElement>(".runs-link")?.focus();
}
