/** A mark for each status, told apart by shape as well as colour, drawn in the theme's colours. */
import { colour } from "@kit/map/base";
import type { MapInstance } from "@kit/map/library";

const SIZE = 26;
const SCALE = 2;

type Draw = (pen: CanvasRenderingContext2D) => void;

const MARKS: Record<string, { token: string; draw: Draw }> = {
  waiting: { token: "warning", draw: (pen) => ring(pen, [4, 3]) },
  in_progress: { token: "info", draw: half },
  forwarded: { token: "info", draw: arrow },
  finished: { token: "success", draw: tick },
  irrelevant: { token: "neutral", draw: slash },
  followed: { token: "brand", draw: dot },
  other: { token: "neutral", draw: dot },
};

export function addStatusImages(map: MapInstance): void {
  for (const [name, { token, draw }] of Object.entries(MARKS)) {
    const image = drawn(token, draw);
    if (map.hasImage(`status-${name}`)) map.updateImage(`status-${name}`, image);
    else map.addImage(`status-${name}`, image, { pixelRatio: SCALE });
  }
}

function drawn(token: string, draw: Draw): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE * SCALE;
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("no canvas");
  pen.scale(SCALE, SCALE);
  pen.lineWidth = 2.5;
  pen.lineCap = pen.lineJoin = "round";
  pen.fillStyle = colour("surface");
  circle(pen, 12);
  pen.fill();
  pen.fillStyle = pen.strokeStyle = colour(token);
  draw(pen);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

function circle(pen: CanvasRenderingContext2D, radius: number): void {
  pen.beginPath();
  pen.arc(SIZE / 2, SIZE / 2, radius, 0, 2 * Math.PI);
}

function ring(pen: CanvasRenderingContext2D, dashes: number[] = []): void {
  pen.setLineDash(dashes);
  circle(pen, 9);
  pen.stroke();
  pen.setLineDash([]);
}

function half(pen: CanvasRenderingContext2D): void {
  ring(pen);
  pen.beginPath();
  pen.arc(SIZE / 2, SIZE / 2, 9, -Math.PI / 2, Math.PI / 2);
  pen.fill();
}

function filled(pen: CanvasRenderingContext2D, path: [number, number][]): void {
  circle(pen, 10);
  pen.fill();
  pen.strokeStyle = colour("surface");
  line(pen, path);
}

function line(pen: CanvasRenderingContext2D, path: [number, number][]): void {
  pen.beginPath();
  path.forEach(([x, y], index) => (index ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.stroke();
}

function tick(pen: CanvasRenderingContext2D): void {
  filled(pen, [[8.5, 13.5], [11.5, 16.5], [17.5, 9.5]]);
}

function arrow(pen: CanvasRenderingContext2D): void {
  filled(pen, [[8, 13], [18, 13], [14, 9], [18, 13], [14, 17]]);
}

function slash(pen: CanvasRenderingContext2D): void {
  ring(pen);
  line(pen, [[7, 7], [19, 19]]);
}

function dot(pen: CanvasRenderingContext2D): void {
  circle(pen, 7);
  pen.fill();
}
