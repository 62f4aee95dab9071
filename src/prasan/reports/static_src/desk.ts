/** The desk: in the inbox keys move between the reports, several are selected at once. Everything also works without this. */
import { text, textsOf } from "@kit/texts";

const inbox = document.querySelector<HTMLFormElement>("[data-inbox]");
if (inbox) start(inbox);

// Where there is room, every step is in sight.
if (matchMedia("(min-width: 60rem)").matches) {
  document.querySelectorAll<HTMLDetailsElement>("[data-open-wide]").forEach((details) => (details.open = true));
}

// On a phone the views are wider than the window: the current one comes into sight.
document.querySelector(".desk-views [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

const panel = document.getElementById("step-panel");
if (panel) watchPanel(panel);

/** The form of a step comes into the panel beside the report; words written there are not lost unasked. */
function watchPanel(place: HTMLElement): void {
  let changed = false;
  place.addEventListener("input", () => (changed = true));
  place.addEventListener("submit", () => (changed = false));
  place.addEventListener("htmx:afterSwap", () => {
    changed = false;
    place.querySelector<HTMLElement>("[data-panel-title]")?.focus();
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { target } = (event as CustomEvent<{ target: Element }>).detail;
    if (target === place && changed && !window.confirm(text("unsaved"))) event.preventDefault();
  });
  window.addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });
}

function start(form: HTMLFormElement): void {
  form.dataset["script"] = "";
  const rows = [...form.querySelectorAll<HTMLElement>("[data-row]")];
  for (const button of form.querySelectorAll<HTMLElement>("[data-move]")) {
    button.addEventListener("click", () => focusRow(rows, Number(button.dataset["move"])));
  }
  form.querySelector("[data-select]")?.addEventListener("click", () => {
    const box = boxOf(current(rows));
    if (!box) return;
    box.checked = !box.checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  });
  form.addEventListener("change", () => show(form));
  form.addEventListener("submit", () => selectFocused(rows), { capture: true });
  const all = form.querySelector<HTMLInputElement>("[data-select-all]");
  all?.closest("label")?.removeAttribute("hidden");
  all?.addEventListener("change", () => boxesOf(form).forEach((box) => (box.checked = all.checked)));
  window.addEventListener("pageshow", () => show(form));
}

function current(rows: HTMLElement[]): HTMLElement | undefined {
  return rows.find((row) => row.hasAttribute("data-current"));
}

function focusRow(rows: HTMLElement[], by: number): void {
  const at = rows.findIndex((row) => row.hasAttribute("data-current"));
  const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)];
  rows.forEach((row) => row.toggleAttribute("data-current", row === next));
  next?.querySelector<HTMLElement>("[data-open]")?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function boxOf(row: HTMLElement | undefined): HTMLInputElement | null {
  return row?.querySelector<HTMLInputElement>("input[name=report]") ?? null;
}

function boxesOf(form: HTMLFormElement): HTMLInputElement[] {
  return [...form.querySelectorAll<HTMLInputElement>("input[name=report]")];
}

/** A step pressed while nothing is selected is meant for the report in focus. */
function selectFocused(rows: HTMLElement[]): void {
  const box = boxOf(current(rows));
  if (box && !rows.some((row) => boxOf(row)?.checked)) box.checked = true;
}

function show(form: HTMLFormElement): void {
  const boxes = boxesOf(form);
  const count = boxes.filter((box) => box.checked).length;
  boxes.forEach((box) => box.closest("tr")?.setAttribute("aria-selected", String(box.checked)));
  form.querySelector("[data-batch]")?.toggleAttribute("data-some", count > 0);
  const line = form.querySelector<HTMLElement>("[data-selected]");
  if (!line) return;
  line.dataset["empty"] ??= line.textContent ?? "";
  line.textContent = count ? textsOf(line)("selected").replace("{count}", String(count)) : line.dataset["empty"];
  const all = form.querySelector<HTMLInputElement>("[data-select-all]");
  if (all) all.checked = count > 0 && count === boxes.length;
}
