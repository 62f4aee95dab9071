/** Copies what a field holds: `<button data-copy="id of the field" data-done="Copied" hidden>`. */
for (const button of document.querySelectorAll<HTMLButtonElement>("[data-copy]")) {
  if (!("clipboard" in navigator)) break;
  button.hidden = false;
  button.addEventListener("click", () => {
    const field = document.getElementById(button.dataset["copy"] ?? "") as HTMLInputElement | null;
    if (!field) return;
    void navigator.clipboard.writeText(field.value).then(() => (button.textContent = button.dataset["done"] ?? ""));
  });
}
