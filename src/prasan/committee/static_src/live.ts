/** The live page says when it has lost the server instead of telling so every two seconds. */
const region = document.querySelector("[data-live]");
const lost = document.querySelector<HTMLElement>("[data-live-lost]");

for (const name of ["htmx:sendError", "htmx:responseError"]) {
  region?.addEventListener(name, (event) => {
    event.stopPropagation(); // the kit would show a toast for each
    if (lost) lost.hidden = false;
  });
}
region?.addEventListener("htmx:beforeOnLoad", () => {
  if (lost) lost.hidden = true;
});

export {};
