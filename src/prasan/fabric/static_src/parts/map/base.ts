/** The quiet base map: the city's own outlines and names, or the style of a tile server when one is set. */
import type { LayerSpecification, StyleSpecification } from "maplibre-gl";
import type { Feature, FeatureCollection, Position } from "geojson";
import { textsOf } from "@kit/texts";
import type { Library, MapInstance } from "@kit/map/library";

export type Bounds = [number, number, number, number];

const FONT = "IBM Plex Sans Thai";
const OUTLINES = "outlines";

/** Colours come from the design tokens, so that the map follows the theme. */
export function colour(token: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${token}`).trim();
}

export async function createMap(library: Library, element: HTMLElement): Promise<MapInstance> {
  const texts = textsOf(element);
  const canvas = element.querySelector<HTMLElement>("[data-map-canvas]");
  if (!canvas) throw new Error("data-map-canvas is missing");
  await document.fonts.load(`600 16px "${FONT}"`, "กA");
  const outlines = await loadOutlines(element.dataset["outlines"]);
  const place = startingPlace(element, outlines);
  const map = new library.Map({
    container: canvas,
    style: element.dataset["styleUrl"] || plainStyle(outlines),
    ...place,
    minZoom: 7,
    maxZoom: 19,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    attributionControl: false,
    fadeDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200,
    locale: { "Map.Title": element.getAttribute("aria-label") ?? "", "Popup.Close": texts("close") },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  if (element.dataset["styleUrl"]) map.addControl(new library.AttributionControl({ compact: true }));
  connectButtons(element, map);
  zoomByWheelOnlyWhenChosen(map);
  await new Promise<void>((ready, failed) => {
    map.once("load", () => ready());
    map.once("error", (event) => failed(event.error));
  });
  if (!element.dataset["styleUrl"]) followTheTheme(map);
  return map;
}

async function loadOutlines(url: string | undefined): Promise<FeatureCollection | null> {
  if (!url) return null;
  const response = await fetch(url, { headers: { Accept: "application/geo+json, application/json" } });
  if (!response.ok) return null;
  return (await response.json()) as FeatureCollection;
}

type Place = { center: [number, number]; zoom: number } | { bounds: Bounds; fitBoundsOptions: { padding: number } };

function startingPlace(element: HTMLElement, outlines: FeatureCollection | null): Place {
  const given = (element.dataset["bounds"] ?? "").split(",").map(Number);
  const fitBoundsOptions = { padding: 24 };
  if (given.length === 4) return { bounds: given as Bounds, fitBoundsOptions };
  const centre = (element.dataset["center"] ?? "").split(",").map(Number);
  if (centre.length === 2) {
    return { center: centre as [number, number], zoom: Number(element.dataset["zoom"] ?? 15) };
  }
  if (outlines?.features.length) return { bounds: boundsOf(outlines.features), fitBoundsOptions };
  return { center: [0, 0], zoom: 1 };
}

function boundsOf(features: Feature[]): Bounds {
  const bounds: Bounds = [180, 90, -180, -90];
  const visit = (part: unknown): void => {
    if (!Array.isArray(part)) return;
    if (typeof part[0] !== "number") return part.forEach(visit);
    const [x, y] = part as Position as [number, number];
    bounds[0] = Math.min(bounds[0], x);
    bounds[1] = Math.min(bounds[1], y);
    bounds[2] = Math.max(bounds[2], x);
    bounds[3] = Math.max(bounds[3], y);
  };
  for (const feature of features) visit("coordinates" in feature.geometry ? feature.geometry.coordinates : []);
  return bounds;
}

function plainStyle(outlines: FeatureCollection | null): StyleSpecification {
  return {
    version: 8,
    sources: { [OUTLINES]: { type: "geojson", data: outlines ?? { type: "FeatureCollection", features: [] } } },
    layers: baseLayers(),
  };
}

function baseLayers(): LayerSpecification[] {
  return [
    { id: "ground", type: "background", paint: { "background-color": colour("sunken") } },
    { id: "area", type: "fill", source: OUTLINES, paint: { "fill-color": colour("surface") } },
    { id: "border", type: "line", source: OUTLINES, paint: { "line-color": colour("line-strong"), "line-opacity": 0.6 } },
    {
      id: "area-name",
      type: "symbol",
      source: OUTLINES,
      layout: {
        "text-field": ["coalesce", ["get", `name_${document.documentElement.lang}`], ["get", "name"], ""],
        "text-font": [FONT],
        "text-size": ["interpolate", ["linear"], ["zoom"], 9, 11, 13, 16],
        "text-max-width": 8,
        "text-padding": 6,
      },
      paint: {
        "text-color": colour("ink-soft"),
        "text-halo-color": colour("surface"),
        "text-halo-width": 1.5,
      },
    },
  ];
}

/** The fonts that this style's own labels use; another style may have no other. */
export function fontsOf(map: MapInstance): string[] {
  const layers = map.getStyle().layers.filter((layer) => layer.type === "symbol");
  const used = layers.map((layer) => layer.layout?.["text-font"]).find(Array.isArray);
  return (used as string[] | undefined) ?? [FONT];
}

/** Calls `repaint` when the reader changes the colours, or the device does. */
export function whenThemeChanges(repaint: () => void): void {
  const later = (): void => void setTimeout(repaint, 50);
  document.addEventListener("prasan:theme", later);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", later);
}

function followTheTheme(map: MapInstance): void {
  whenThemeChanges(() => {
    for (const layer of baseLayers()) {
      for (const [name, value] of Object.entries(layer.paint ?? {})) {
        map.setPaintProperty(layer.id, name as never, value as never);
      }
    }
  });
}

function connectButtons(element: HTMLElement, map: MapInstance): void {
  element.querySelector("[data-map-in]")?.addEventListener("click", () => map.zoomIn());
  element.querySelector("[data-map-out]")?.addEventListener("click", () => map.zoomOut());
}

/** Who scrolls down a page should not be caught by the map; a click into it says that the map is meant. */
function zoomByWheelOnlyWhenChosen(map: MapInstance): void {
  const canvas = map.getCanvas();
  map.scrollZoom.disable();
  canvas.addEventListener("focus", () => map.scrollZoom.enable());
  canvas.addEventListener("blur", () => map.scrollZoom.disable());
}

