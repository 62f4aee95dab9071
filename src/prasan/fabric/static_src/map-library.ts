// The map library as a file of its own: pages fetch it only when a map comes into view.
export { AttributionControl, LngLatBounds, Map, Marker, Popup, setWorkerUrl } from "maplibre-gl";
