/**
 * Keyboard: `data-shortcut="j"` on a link, button or field answers to that key (`g i` is two keys in turn).
 * Nothing happens while the reader types, and every shortcut is also a visible control (WCAG 2.1.4: a page
 * lists its shortcuts in a `<dialog data-shortcuts>` opened by `?`, where they can be switched off).
 */
const OFF = "prasan.shortcuts.off";
const PAUSE = 1200;

export function startShortcuts(): void {
  let before = "";
  let at = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "?") return openHelp(event);
    if (localStorage.getItem(OFF)) return;
    const pair = Date.now() - at < PAUSE ? `${before} ${event.key}` : "";
    [before, at] = [event.key, Date.now()];
    const control = find(pair) ?? find(event.key);
    if (!control) return;
    event.preventDefault();
    if (control.matches("input:not([type=checkbox]), textarea, select")) control.focus();
    else control.click();
  });
  document.querySelector<HTMLInputElement>("[data-shortcuts-switch]")?.addEventListener("change", (event) => {
    if ((event.target as HTMLInputElement).checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });
}

function find(keys: string): HTMLElement | undefined {
  if (!keys) return undefined;
  const controls = [...document.querySelectorAll<HTMLElement>(`[data-shortcut="${CSS.escape(keys)}"]`)];
  return controls.find((control) => control.checkVisibility?.() ?? control.offsetParent !== null);
}

function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement;
  return element.isContentEditable || element.matches?.("input:not([type=checkbox], [type=radio]), textarea, select");
}

function openHelp(event: KeyboardEvent): void {
  const dialog = document.querySelector<HTMLDialogElement>("dialog[data-shortcuts]");
  if (!dialog || dialog.open) return;
  event.preventDefault();
  const box = dialog.querySelector<HTMLInputElement>("[data-shortcuts-switch]");
  if (box) box.checked = !localStorage.getItem(OFF);
  dialog.showModal();
}
