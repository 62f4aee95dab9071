/** Light, dark or as the device: changes at once and is remembered in the cookie that the server reads. */
const MEDIA: Record<string, string> = {
  auto: "screen and (prefers-color-scheme: dark)",
  light: "not all",
  dark: "screen",
};
const ONE_YEAR = 365 * 24 * 3600;

export function startTheme(): void {
  document.querySelector<HTMLFormElement>("[data-theme-switch]")?.addEventListener("submit", (event) => {
    const button = event.submitter as HTMLButtonElement | null;
    const media = MEDIA[button?.value ?? ""];
    if (!button || !media) return;
    event.preventDefault();
    apply(button.value, media);
    for (const other of button.form?.querySelectorAll("button") ?? []) {
      other.setAttribute("aria-pressed", String(other === button));
    }
  });
}

function apply(theme: string, media: string): void {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `prasan_theme=${theme}; Path=/; Max-Age=${ONE_YEAR}; SameSite=Lax${secure}`;
  document.documentElement.dataset["theme"] = theme;
  document.querySelector("link[data-dark]")?.setAttribute("media", media);
  document.dispatchEvent(new CustomEvent("prasan:theme", { detail: { theme } }));
}
