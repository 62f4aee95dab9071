/**
 * Showing reports: counts per cell when far away, points by status when near, a window with a link on each.
 *
 * Tiles have two layers: `cells` (count) and `reports` (code, category, status, title). Filters: a form named by
 * `data-filters`, or the event `prasan:map-filter` with a query string; `prasan:map-mode` shows "counts" or "heat".
 */
import type { ExpressionSpecification, MapGeoJSONFeature } from "maplibre-gl";
import { colour, createMap, fontsOf, whenThemeChanges } from "@kit/map/base";
import type { Library, MapInstance } from "@kit/map/library";
import { addStatusImages } from "@kit/map/marks";
import { createPin } from "@kit/map/pick";
import { textsOf } from "@kit/texts";

const TILES = "tiles";
const LAYERS = ["heat", "cell-area", "cell", "cell-count", "report"];

export async function startViewing(library: Library, element: HTMLElement): Promise<void> {
  const map = await createMap(library, element);
  addStatusImages(map);
  show(map, element, initialQuery(element));
  whenThemeChanges(() => {
    addStatusImages(map);
    paint(map);
  });
  markPlace(library, map, element);
  answerClicks(library, map, element);
  followFilters(map, element);
  tellWhereItIs(map, element);
}

/** A fresh source for each query: MapLibre's `setTiles` keeps tiles of the old address that are still on their way. */
function show(map: MapInstance, element: HTMLElement, query: string): void {
  const heat = map.getLayer("heat")?.visibility === "visible";
  if (map.getSource(TILES)) {
    for (const layer of LAYERS) map.removeLayer(layer);
    map.removeSource(TILES);
  }
  map.addSource(TILES, {
    type: "vector",
    tiles: [tileAddress(element, query)],
    minzoom: 0,
    maxzoom: Number(element.dataset["maxzoom"] ?? 15),
  });
  addLayers(map);
  paint(map);
  showMode(map, heat ? "heat" : "counts");
}

function showMode(map: MapInstance, mode: string): void {
  const heat = mode === "heat";
  map.setLayoutProperty("heat", "visibility", heat ? "visible" : "none");
  for (const layer of ["cell", "cell-count"]) map.setLayoutProperty(layer, "visibility", heat ? "none" : "visible");
}

/** `data-marker="longitude,latitude"`: the one place a page is about, with its pin. */
function markPlace(library: Library, map: MapInstance, element: HTMLElement): void {
  const [longitude, latitude] = (element.dataset["marker"] ?? "").split(",").map(Number);
  if (!longitude || !latitude) return;
  createPin(library, element, false).setLngLat([longitude, latitude]).addTo(map);
}

function initialQuery(element: HTMLElement): string {
  if (element.dataset["marker"]) return "";
  const form = filterForm(element);
  return form ? queryOf(form) : location.search.slice(1);
}

function tileAddress(element: HTMLElement, query: string): string {
  const template = element.dataset["tiles"] ?? "";
  const address = template.startsWith("/") ? location.origin + template : template;
  return query ? address + (address.includes("?") ? "&" : "?") + query : address;
}

const COUNT: ExpressionSpecification = ["coalesce", ["get", "count"], 1];
const CELL_SIZE: ExpressionSpecification = ["interpolate", ["linear"], ["log10", COUNT], 0, 9, 1, 14, 2, 19, 3, 25, 4, 32];

function addLayers(map: MapInstance): void {
  const points: ExpressionSpecification = ["==", ["geometry-type"], "Point"];
  const polygons: ExpressionSpecification = ["==", ["geometry-type"], "Polygon"];
  const cells = { source: TILES, "source-layer": "cells" };
  map.addLayer({
    id: "heat",
    type: "heatmap",
    ...cells,
    filter: points,
    paint: {
      "heatmap-weight": ["interpolate", ["linear"], ["log10", COUNT], 0, 0.15, 4, 1],
      "heatmap-radius": ["interpolate", ["linear"], ["zoom"], 8, 14, 14, 34],
      "heatmap-opacity": 0.75,
    },
  });
  map.addLayer({ id: "cell-area", type: "fill", ...cells, filter: polygons, paint: { "fill-opacity": shareOf(0.75) } });
  map.addLayer({
    id: "cell",
    type: "circle",
    ...cells,
    filter: points,
    paint: { "circle-radius": CELL_SIZE, "circle-opacity": 0.88, "circle-stroke-width": 2 },
  });
  map.addLayer({
    id: "cell-count",
    type: "symbol",
    ...cells,
    layout: {
      "text-field": ["number-format", COUNT, { locale: "en" }],
      "text-font": fontsOf(map),
      "text-size": 12,
      "text-allow-overlap": false,
    },
  });
  map.addLayer({
    id: "report",
    type: "symbol",
    source: TILES,
    "source-layer": "reports",
    layout: {
      "icon-image": ["coalesce", ["image", ["concat", "status-", ["get", "status"]]], ["image", "status-other"]],
      "icon-allow-overlap": true,
      "icon-size": ["interpolate", ["linear"], ["zoom"], 12, 0.7, 16, 1],
    },
  });
}

function shareOf(most: number): ExpressionSpecification {
  return ["interpolate", ["linear"], ["log10", COUNT], 0, 0.2, 3, most];
}

function paint(map: MapInstance): void {
  map.setPaintProperty("cell-area", "fill-color", [
    "interpolate", ["linear"], ["log10", COUNT], 0.5, colour("brand"), 1.75, colour("marigold"), 3, colour("danger"),
  ]);
  map.setPaintProperty("cell", "circle-color", colour("brand"));
  map.setPaintProperty("cell", "circle-stroke-color", colour("surface"));
  map.setPaintProperty("cell-count", "text-color", colour("on-brand"));
  map.setPaintProperty("cell-count", "text-halo-color", colour("brand"));
  map.setPaintProperty("cell-count", "text-halo-width", 1);
  map.setPaintProperty("heat", "heatmap-color", [
    "interpolate", ["linear"], ["heatmap-density"],
    0, "rgba(0, 0, 0, 0)", 0.25, colour("brand"), 0.6, colour("marigold"), 1, colour("danger"),
  ]);
}

function answerClicks(library: Library, map: MapInstance, element: HTMLElement): void {
  const near = ["report"];
  const far = ["cell", "cell-area"];
  map.on("click", (event) => {
    const [report] = map.queryRenderedFeatures(around(event.point), { layers: near });
    if (report) return openWindow(library, map, element, report, event.lngLat.toArray() as [number, number]);
    const [cell] = map.queryRenderedFeatures(event.point, { layers: far });
    if (cell) map.easeTo({ center: event.lngLat, zoom: map.getZoom() + 2 });
  });
  map.on("mousemove", (event) => {
    const over = map.queryRenderedFeatures(event.point, { layers: [...near, ...far] }).length > 0;
    map.getCanvas().style.cursor = over ? "pointer" : "";
  });
}

/** A finger is wider than a mark: 44 px in all. */
function around(point: { x: number; y: number }): [[number, number], [number, number]] {
  const reach = matchMedia("(pointer: coarse)").matches ? 22 : 8;
  return [[point.x - reach, point.y - reach], [point.x + reach, point.y + reach]];
}

function openWindow(
  library: Library,
  map: MapInstance,
  element: HTMLElement,
  report: MapGeoJSONFeature,
  clicked: [number, number],
): void {
  const place = report.geometry.type === "Point" ? (report.geometry.coordinates as [number, number]) : clicked;
  new library.Popup({ maxWidth: "min(18rem, 80vw)", focusAfterOpen: true })
    .setLngLat(place)
    .setDOMContent(windowContent(element, report.properties))
    .addTo(map);
}

function windowContent(element: HTMLElement, report: Record<string, unknown>): HTMLElement {
  const texts = textsOf(element);
  const labels: Record<string, string> = JSON.parse(element.dataset["labels"] ?? "{}");
  const box = document.createElement("div");
  const link = document.createElement("a");
  link.href = (element.dataset["detail"] ?? "").replace("CODE", encodeURIComponent(String(report["code"] ?? "")));
  link.textContent = String(report["title"] || report["code"] || texts("open"));
  const facts = ["category", "status"].map((name) => String(report[name] ?? "")).filter(Boolean);
  const line = document.createElement("p");
  line.className = "card-meta";
  line.textContent = facts.map((value) => labels[value] ?? value).join(" · ");
  box.append(link, line);
  return box;
}

function followFilters(map: MapInstance, element: HTMLElement): void {
  const apply = (query: string): void => show(map, element, query);
  filterForm(element)?.addEventListener("change", (event) => apply(queryOf(event.currentTarget as HTMLFormElement)));
  document.addEventListener("prasan:map-filter", (event) => apply((event as CustomEvent<{ query: string }>).detail.query));
  document.addEventListener("prasan:map-mode", (event) => {
    showMode(map, (event as CustomEvent<{ mode: string }>).detail.mode);
  });
}

function filterForm(element: HTMLElement): HTMLFormElement | null {
  return document.querySelector<HTMLFormElement>(element.dataset["filters"] || "form[data-map-filters]");
}

function queryOf(form: HTMLFormElement): string {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string" && value) query.append(name, value);
  return query.toString();
}

/** Lets a list beside the map follow it: `prasan:map-moved` with west, south, east, north. */
function tellWhereItIs(map: MapInstance, element: HTMLElement): void {
  map.on("moveend", () => {
    const bounds = map.getBounds().toArray().flat();
    element.dispatchEvent(new CustomEvent("prasan:map-moved", { bubbles: true, detail: { bounds, zoom: map.getZoom() } }));
  });
}
