/** The map page: counts or heat, the filter in the address and in the link to the list, a panel that gives way on phones. */
const form = document.querySelector<HTMLFormElement>("#map-filters");
const map = document.querySelector<HTMLElement>("[data-map=view]");
const panel = document.querySelector<HTMLDetailsElement>("[data-map-panel]");
const list = document.querySelector<HTMLAnchorElement>("[data-map-list]");

if (panel && matchMedia("(max-width: 60rem)").matches) panel.open = false;
if (form && map) {
  for (const button of form.querySelectorAll("button")) button.hidden = true; // every choice counts at once
  form.addEventListener("change", () => apply(form));
  if (new FormData(form).get("show") === "heat") whenReady(map, () => apply(form));
}

function apply(form: HTMLFormElement): void {
  const given = [...new FormData(form)].filter((pair): pair is [string, string] => typeof pair[1] === "string" && pair[1] !== "");
  const query = new URLSearchParams(given);
  document.dispatchEvent(new CustomEvent("prasan:map-mode", { detail: { mode: query.get("show") ?? "counts" } }));
  history.replaceState(null, "", `?${query}`);
  query.delete("show");
  if (list) list.search = query.toString();
}

function whenReady(element: HTMLElement, act: () => void): void {
  if ("ready" in element.dataset) return act();
  const observer = new MutationObserver(() => {
    if (!("ready" in element.dataset)) return;
    observer.disconnect();
    act();
  });
  observer.observe(element, { attributes: true, attributeFilter: ["data-ready"] });
}
