/** The report form: photos go up one by one while the rest is written, and the first one that knows its place marks it. */
import { pick, pickedPoint } from "@kit/map/locate";
import { textsOf } from "@kit/texts";

interface Taken {
  key: string;
  src: string;
  place: { longitude: number; latitude: number; district: string } | null;
}

const form = document.querySelector<HTMLFormElement>("[data-report-form]");
if (form) startPhotos(form);

function startPhotos(form: HTMLFormElement): void {
  const input = form.querySelector<HTMLInputElement>("input[type=file]");
  const list = form.querySelector<HTMLElement>("[data-photo-list]");
  if (!input || !list) return;
  input.addEventListener("change", () => void takeAll(form, input, list));
  list.addEventListener("click", (event) => {
    const button = (event.target as Element).closest("button[name=drop]");
    if (!button) return;
    event.preventDefault();
    button.closest("li")?.remove();
    input.focus();
  });
}

/** What could not be sent stays in the input and goes up with the form. */
async function takeAll(form: HTMLFormElement, input: HTMLInputElement, list: HTMLElement): Promise<void> {
  const texts = textsOf(form);
  const left = new DataTransfer();
  const files = [...(input.files ?? [])];
  say(form, texts("uploading"));
  input.setAttribute("aria-busy", "true");
  let problem = "";
  for (const file of files) {
    try {
      const taken = await send(form, file);
      show(form, list, file, taken);
      if (taken.place) place(form, taken.place);
    } catch (refused) {
      problem = refused instanceof Refusal ? refused.message : texts("failed");
      if (!(refused instanceof Refusal)) left.items.add(file);
    }
  }
  input.files = left.files;
  input.removeAttribute("aria-busy");
  say(form, problem);
}

/** The server's own sentence on why it does not take a photo. */
class Refusal extends Error {}

async function send(form: HTMLFormElement, file: File): Promise<Taken> {
  const body = new FormData();
  body.append("photos", file);
  const token = form.querySelector<HTMLInputElement>("input[name=csrfmiddlewaretoken]")?.value ?? "";
  const headers = { "X-CSRFToken": token, Accept: "application/json" };
  const response = await fetch(form.dataset["photoUrl"] ?? "", { method: "POST", body, headers });
  if (response.ok) return (await response.json()) as Taken;
  const problem = (await response.json()) as { title?: string; detail?: string; errors?: { detail: string }[] };
  throw new Refusal(problem.errors?.[0]?.detail ?? problem.detail ?? problem.title ?? "");
}

function show(form: HTMLFormElement, list: HTMLElement, file: File, taken: Taken): void {
  const texts = textsOf(form);
  const item = document.createElement("li");
  const figure = document.createElement("figure");
  const image = Object.assign(document.createElement("img"), { src: URL.createObjectURL(file), alt: file.name, width: 400, height: 300 });
  image.addEventListener("load", () => URL.revokeObjectURL(image.src));
  const key = Object.assign(document.createElement("input"), { type: "hidden", name: "photo", value: taken.key });
  const caption = document.createElement("figcaption");
  const drop = Object.assign(document.createElement("button"), {
    className: "link-button", type: "submit", name: "drop", value: taken.key, textContent: texts("remove"),
  });
  drop.setAttribute("aria-label", `${texts("remove")}: ${file.name}`);
  caption.append(drop);
  figure.append(image, key, caption);
  item.append(figure);
  list.append(item);
}

/** A place the citizen chose is never moved by a photo. */
function place(form: HTMLFormElement, found: NonNullable<Taken["place"]>): void {
  const map = form.querySelector<HTMLElement>("[data-map=pick]");
  if (!map || pickedPoint(map)) return;
  pick(map, { longitude: found.longitude, latitude: found.latitude, by: "page" });
  const says = map.querySelector("[data-map-says]");
  if (says) says.textContent = `${textsOf(form)("place")}: ${found.district}`;
}

function say(form: HTMLFormElement, words: string): void {
  const place = form.querySelector("[data-photo-says]");
  if (place) place.textContent = words;
}
