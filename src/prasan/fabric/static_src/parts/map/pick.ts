/** Choosing a point: tap, drag the pin, or move the map with the arrow keys and press Enter. */
import { createMap } from "@kit/map/base";
import type { Library, MapInstance } from "@kit/map/library";
import { pick, pickedPoint, say, type Picked, type Point } from "@kit/map/locate";
import { textsOf } from "@kit/texts";

const CLOSE = 17;

export async function startPicking(library: Library, element: HTMLElement): Promise<void> {
  const map = await createMap(library, element);
  const texts = textsOf(element);
  const pin = createPin(library, element, true);

  const choose = (point: Point): void => {
    show(point);
    pick(element, { ...point, by: "map" });
    say(element, texts("picked"));
  };
  const show = (point: Point): void => void pin.setLngLat([point.longitude, point.latitude]).addTo(map);

  map.on("click", ({ lngLat }) => choose({ longitude: lngLat.lng, latitude: lngLat.lat }));
  pin.on("dragend", () => choose({ longitude: pin.getLngLat().lng, latitude: pin.getLngLat().lat }));
  map.getCanvas().addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    choose({ longitude: map.getCenter().lng, latitude: map.getCenter().lat });
  });
  // A photo's position, an address that was found: the page sets the point from outside.
  element.addEventListener("prasan:set-point", (event) => {
    const point = (event as CustomEvent<Point>).detail;
    pick(element, { ...point, by: "page" });
  });
  element.addEventListener("prasan:picked", (event) => {
    const picked = (event as CustomEvent<Picked>).detail;
    show(picked);
    if (picked.by !== "map") goTo(map, picked);
  });

  const before = pickedPoint(element);
  if (before) {
    show(before);
    map.jumpTo({ center: [before.longitude, before.latitude], zoom: CLOSE });
  }
}

function goTo(map: MapInstance, point: Point): void {
  map.easeTo({ center: [point.longitude, point.latitude], zoom: Math.max(map.getZoom(), CLOSE) });
}

export function createPin(library: Library, element: HTMLElement, draggable: boolean): InstanceType<Library["Marker"]> {
  const template = element.querySelector<HTMLTemplateElement>("template[data-map-pin]");
  const drawing = template?.content.firstElementChild?.cloneNode(true) as HTMLElement | undefined;
  return new library.Marker({ ...(drawing ? { element: drawing } : {}), anchor: "bottom", draggable });
}
