/** What the map parts take from MapLibre, which arrives as a module of its own. */
export type Library = typeof import("../../map-library");
export type MapInstance = InstanceType<Library["Map"]>;

/** Whether this browser can draw a map at all. */
export function canDraw(): boolean {
  try {
    return document.createElement("canvas").getContext("webgl2") !== null;
  } catch {
    return false;
  }
}
