/**
 * Passkeys (WebAuthn). A form with `data-passkey` gets its hidden `credential` filled when the button
 * `data-passkey-start` is pressed, and is sent: `add` makes a passkey, `show` uses one as second factor,
 * `sign-in` uses one instead of a password. Options are the JSON in `#passkey-options`; for `sign-in` they are
 * fetched from the form's address. Parts with `data-passkey-only` appear where the browser knows passkeys.
 */
import { textsOf } from "@kit/texts";

type Json = Record<string, unknown>;
interface Options {
  creation_options?: { publicKey: Json };
  request_options?: { publicKey: Json };
}

if ("PublicKeyCredential" in window) {
  document.querySelectorAll<HTMLElement>("[data-passkey-only]").forEach((part) => (part.hidden = false));
  document.querySelectorAll<HTMLElement>("[data-passkey-none]").forEach((part) => (part.hidden = true));
  document.querySelectorAll<HTMLFormElement>("form[data-passkey]").forEach((form) => {
    form.querySelector("[data-passkey-start]")?.addEventListener("click", () => void send(form));
  });
}

async function send(form: HTMLFormElement): Promise<void> {
  const texts = textsOf(form);
  showError(form, "");
  let options: Options;
  try {
    options = form.dataset["passkey"] === "sign-in" ? await fetchOptions(form.action) : optionsOfPage();
  } catch {
    showError(form, texts("failed"));
    return;
  }
  try {
    const credential = form.dataset["passkey"] === "add" ? await create(form, options) : await get(options);
    const field = form.querySelector<HTMLInputElement>('input[name="credential"]');
    if (!field) return;
    field.value = JSON.stringify(credential);
    form.requestSubmit();
  } catch {
    showError(form, texts("stopped")); // the person closed the browser's window, or took too long
  }
}

async function fetchOptions(address: string): Promise<Options> {
  const response = await fetch(address, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()) as Options;
}

function optionsOfPage(): Options {
  return JSON.parse(document.getElementById("passkey-options")?.textContent ?? "{}") as Options;
}

async function create(form: HTMLFormElement, options: Options): Promise<Json> {
  const given = options.creation_options?.publicKey as Json;
  const alone = form.querySelector<HTMLInputElement>('input[name="passwordless"]')?.checked ?? false;
  const selection = { ...(given["authenticatorSelection"] as Json), residentKey: alone ? "required" : "discouraged" };
  const credential = await navigator.credentials.create({
    publicKey: {
      ...given,
      challenge: bytes(given["challenge"]),
      user: { ...(given["user"] as Json), id: bytes((given["user"] as Json)["id"]) },
      excludeCredentials: descriptors(given["excludeCredentials"]),
      authenticatorSelection: {
        ...selection,
        requireResidentKey: alone,
        ...(alone ? { userVerification: "required" } : {}),
      },
    } as unknown as PublicKeyCredentialCreationOptions,
  });
  const made = credential as PublicKeyCredential;
  const response = made.response as AuthenticatorAttestationResponse;
  return {
    ...common(made),
    response: {
      clientDataJSON: text(response.clientDataJSON),
      attestationObject: text(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    },
  };
}

async function get(options: Options): Promise<Json> {
  const given = options.request_options?.publicKey as Json;
  const credential = await navigator.credentials.get({
    publicKey: {
      ...given,
      challenge: bytes(given["challenge"]),
      allowCredentials: descriptors(given["allowCredentials"]),
    } as unknown as PublicKeyCredentialRequestOptions,
  });
  const shown = credential as PublicKeyCredential;
  const response = shown.response as AuthenticatorAssertionResponse;
  return {
    ...common(shown),
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    },
  };
}

function common(credential: PublicKeyCredential): Json {
  return {
    type: credential.type,
    id: credential.id,
    rawId: text(credential.rawId),
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

function descriptors(given: unknown): Json[] {
  return ((given ?? []) as Json[]).map((one) => ({ ...one, id: bytes(one["id"]) }));
}

/** base64url to bytes, as the server writes them. */
function bytes(given: unknown): ArrayBuffer {
  const plain = atob(String(given).replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0)).buffer;
}

/** Bytes to base64url without padding. */
function text(given: ArrayBuffer): string {
  const plain = Array.from(new Uint8Array(given), (byte) => String.fromCharCode(byte)).join("");
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function showError(form: HTMLFormElement, words: string): void {
  const place = form.querySelector<HTMLElement>("[data-passkey-error]");
  if (!place) return;
  place.textContent = words;
  place.hidden = !words;
}
