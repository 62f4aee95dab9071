/** What the kit says to people, translated by the page: `<body data-texts='{"close": "ปิด", …}'>`. */
const given: Record<string, string> = JSON.parse(document.body.dataset["texts"] ?? "{}");

export function text(name: string): string {
  return given[name] ?? "";
}

/** Strings of one element, from its `data-texts`. */
export function textsOf(element: HTMLElement): (name: string) => string {
  const own: Record<string, string> = JSON.parse(element.dataset["texts"] ?? "{}");
  return (name) => own[name] ?? text(name);
}
