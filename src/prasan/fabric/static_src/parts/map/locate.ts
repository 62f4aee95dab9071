/**
 * "Where I am" beside a point picker: asks the phone, writes the fields, says what happened. Needs no map.
 * `data-longitude` and `data-latitude` name the form fields; `prasan:picked` tells others.
 */
import { textsOf } from "@kit/texts";

export interface Point {
  longitude: number;
  latitude: number;
}

export interface Picked extends Point {
  /** Who chose: the phone, the map, or the page (a photo's position, an address found). */
  by: "phone" | "map" | "page";
  /** Metres, when the phone told. */
  accuracy?: number;
}

export function startLocating(element: HTMLElement): void {
  const button = element.querySelector<HTMLButtonElement>("[data-map-locate]");
  if (!button || !("geolocation" in navigator)) return;
  button.hidden = false;
  button.addEventListener("click", () => locate(element, button));
}

function locate(element: HTMLElement, button: HTMLButtonElement): void {
  const texts = textsOf(element);
  button.setAttribute("aria-busy", "true");
  say(element, texts("locating"));
  const done = (): void => button.removeAttribute("aria-busy");
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      done();
      say(element, texts("located").replace("{metres}", String(Math.round(coords.accuracy))));
      pick(element, { longitude: coords.longitude, latitude: coords.latitude, by: "phone", accuracy: coords.accuracy });
    },
    (error) => {
      done();
      say(element, texts(error.code === error.PERMISSION_DENIED ? "locateDenied" : "locateFailed"));
    },
    { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 },
  );
}

/** Writes the point into the form's fields and tells the page; six decimals are eleven centimetres. */
export function pick(element: HTMLElement, picked: Picked): void {
  for (const name of ["longitude", "latitude"] as const) {
    const input = fieldOf(element, name);
    if (!input) continue;
    input.value = picked[name].toFixed(6);
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
  element.dispatchEvent(new CustomEvent<Picked>("prasan:picked", { bubbles: true, detail: picked }));
}

/** The point already in the form's fields, if any. */
export function pickedPoint(element: HTMLElement): Point | null {
  const [longitude, latitude] = (["longitude", "latitude"] as const).map((name) => {
    const value = fieldOf(element, name)?.value ?? "";
    return value === "" ? NaN : Number(value);
  }) as [number, number];
  return Number.isFinite(longitude) && Number.isFinite(latitude) ? { longitude, latitude } : null;
}

function fieldOf(element: HTMLElement, name: "longitude" | "latitude"): HTMLInputElement | null {
  const field = element.closest("form")?.elements.namedItem(element.dataset[name] ?? name);
  return field instanceof HTMLInputElement ? field : null;
}

/** Shown under the map and read aloud. */
export function say(element: HTMLElement, words: string): void {
  const place = element.querySelector("[data-map-says]");
  if (place) place.textContent = words;
}
