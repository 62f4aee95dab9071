/**
 * Forms: a second press of the button sends nothing twice, leaving with unsaved words asks first,
 * the error summary gets the focus. A form with `data-unsaved` takes part in the second.
 */
export function startForms(): void {
  document.addEventListener("submit", guardAgainstTwice);
  window.addEventListener("pageshow", () => document.querySelectorAll<HTMLFormElement>("form[data-sent]").forEach(release));
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = (event.target as Element).closest("form");
    if (form) release(form);
  });
  document.querySelectorAll<HTMLFormElement>("form[data-unsaved]").forEach(warnWhenUnsaved);
  document.querySelector<HTMLElement>("[data-error-summary]")?.focus();
}

function guardAgainstTwice(event: SubmitEvent): void {
  const form = event.target as HTMLFormElement;
  if (event.defaultPrevented || form.method === "dialog" || form.method === "get") return;
  if ("sent" in form.dataset) {
    event.preventDefault();
    return;
  }
  form.dataset["sent"] = "";
  const button = event.submitter;
  // After the browser has collected the fields: a disabled button would not be sent.
  setTimeout(() => {
    button?.setAttribute("aria-busy", "true");
    button?.setAttribute("aria-disabled", "true");
  });
}

function release(form: HTMLFormElement): void {
  delete form.dataset["sent"];
  for (const button of form.querySelectorAll("[aria-busy]")) {
    button.removeAttribute("aria-busy");
    button.removeAttribute("aria-disabled");
  }
}

function warnWhenUnsaved(form: HTMLFormElement): void {
  let changed = false;
  form.addEventListener("input", () => (changed = true));
  form.addEventListener("submit", () => (changed = false));
  window.addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault(); // the browser asks in its own words
  });
}
