// Maps: `data-map="view"` shows points and counts from vector tiles, `data-map="pick"` lets the reader choose a point.
// Nothing here is needed to use a page: the list, the address field and the location button do without a map.
import { startLocating } from "@kit/map/locate";
import { canDraw, type Library } from "@kit/map/library";
import { startPicking } from "@kit/map/pick";
import { startViewing } from "@kit/map/view";

const observer = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    observer.unobserve(entry.target);
    void start(entry.target as HTMLElement);
  }
}, { rootMargin: "200px" });

for (const element of document.querySelectorAll<HTMLElement>("[data-map]")) {
  if (element.dataset["map"] === "pick") startLocating(element);
  observer.observe(element);
}

async function start(element: HTMLElement): Promise<void> {
  try {
    if (!canDraw()) throw new Error("no WebGL");
    const library = (await import(element.dataset["library"] ?? "")) as Library;
    library.setWorkerUrl(new URL(element.dataset["worker"] ?? "", location.href).href);
    await (element.dataset["map"] === "pick" ? startPicking : startViewing)(library, element);
    element.dataset["ready"] = "";
  } catch (problem) {
    console.warn("The map is not shown:", problem);
    element.dataset["unavailable"] = "";
    element.dispatchEvent(new CustomEvent("prasan:map-unavailable", { bubbles: true }));
  }
}
