/** The inventory: the graph lights up around the system under the pointer or in focus; a link opens the rows it leads to. */
const place = document.querySelector<HTMLElement>("[data-network]");
if (place) start(place);

window.addEventListener("hashchange", openTarget);
openTarget();

/** A number's link leads to its rows, which are folded away. */
function openTarget(): void {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
}

function start(drawing: HTMLElement): void {
  const boxes = [...drawing.querySelectorAll<SVGElement>("[data-system]")];
  const arrows = [...drawing.querySelectorAll<SVGElement>("[data-from]")];
  for (const box of boxes) {
    const code = box.dataset["system"] ?? "";
    for (const event of ["pointerenter", "focus"]) box.addEventListener(event, () => light(code, boxes, arrows));
    for (const event of ["pointerleave", "blur"]) box.addEventListener(event, () => light("", boxes, arrows));
  }
}

function light(code: string, boxes: SVGElement[], arrows: SVGElement[]): void {
  const near = new Set([code]);
  for (const arrow of arrows) {
    const { from = "", to = "" } = arrow.dataset;
    const touches = from === code || to === code;
    if (touches) near.add(from).add(to);
    arrow.toggleAttribute("data-lit", touches);
    arrow.toggleAttribute("data-dim", code !== "" && !touches);
  }
  for (const box of boxes) box.toggleAttribute("data-dim", code !== "" && !near.has(box.dataset["system"] ?? ""));
}
