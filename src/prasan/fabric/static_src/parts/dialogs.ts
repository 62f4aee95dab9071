/** `data-dialog="id"` on a link or button opens `<dialog id="id">`; without JavaScript the link leads to a page. */
export function startDialogs(): void {
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    const opener = target.closest<HTMLElement>("[data-dialog]");
    if (opener) open(opener, event);
    if (target.closest("[data-dialog-close]")) target.closest("dialog")?.close();
  });
}

function open(opener: HTMLElement, event: Event): void {
  const dialog = document.getElementById(opener.dataset["dialog"] ?? "");
  if (!(dialog instanceof HTMLDialogElement)) return;
  event.preventDefault();
  dialog.showModal();
  dialog.addEventListener("close", () => opener.focus(), { once: true });
}
