/** A short word at the edge of the page: `document.dispatchEvent(new CustomEvent("prasan:toast", {detail: {text}}))`. */
import { text } from "@kit/texts";

const SHOWN_FOR = 8000;

export function startToasts(): void {
  document.addEventListener("prasan:toast", (event) => showToast((event as CustomEvent<{ text: string }>).detail.text));
  document.addEventListener("htmx:sendError", () => showToast(text("offline")));
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = (event as CustomEvent<{ xhr: XMLHttpRequest }>).detail;
    showToast(xhr.getResponseHeader("X-Message") ?? text("failed"));
  });
}

export function showToast(words: string): void {
  const place = document.querySelector("[data-toasts]");
  if (!place || !words) return;
  const toast = document.createElement("div");
  toast.className = "toast";
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button button-quiet";
  close.textContent = text("close");
  close.addEventListener("click", () => toast.remove());
  toast.append(words, close);
  place.append(toast);
  setTimeout(() => toast.matches(":hover, :focus-within") || toast.remove(), SHOWN_FOR);
}
