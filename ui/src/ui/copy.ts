/** The clipboard is there only on a secure origin; elsewhere the text is selected and copied as by hand. */
export async function copyText(text: string) {
  const copied = await navigator.clipboard?.writeText(text).then(
    () => true,
    () => false, // it may be forbidden
  );
  if (copied) return;
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  // What lies outside of an open dialog cannot be selected.
  ([...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body).append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) before.focus();
}
