// Licences of a Dukkan shop for programs in JavaScript: Node 20 and newer, Electron, browsers with Ed25519.
//
//   const license = new License("https://shop.example", key, machine, { keys: KEYS, store });
//   await license.activate();   // once, where the buyer types the key; throws Refused or Unreachable
//   await license.refresh();    // now and then, such as once a day; never throws where the shop is away
//   await license.state();      // "good", "grace", "over" or "none", from the stored file alone
//
// KEYS is what https://shop.example/.well-known/jwks.json gives; put it into your program, so that nobody between
// the two can put another in its place. `store` has get(), set(text) and remove(), which may be async.
// This file may be copied and changed by anybody for anything.

const FORM = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$/;
const DAY = 86400;

export class Refused extends Error {
  constructor(code, message) {
    super(message || code);
    this.code = code;
  }
}
export class Unreachable extends Error {}
export class NotGenuine extends Error {}

// What a signed text says. Throws NotGenuine. The algorithm is fixed, whatever the text says of it.
export async function read(text, keys) {
  try {
    if (typeof text !== "string" || !FORM.test(text)) throw new Error("no such form");
    const [head, body, signature] = text.split(".");
    const header = JSON.parse(words(head));
    if (header.alg !== "EdDSA" || header.typ !== "license+jws") throw new Error("another kind of text");
    const jwk = keys.keys.find((each) => each.kid === header.kid && each.crv === "Ed25519");
    if (!jwk) throw new Error("another key");
    const key = await crypto.subtle.importKey("raw", bytes(jwk.x), { name: "Ed25519" }, false, ["verify"]);
    const signed = new TextEncoder().encode(`${head}.${body}`);
    if (!(await crypto.subtle.verify({ name: "Ed25519" }, key, bytes(signature), signed))) throw new Error("changed");
    const claims = JSON.parse(words(body));
    if (claims === null || typeof claims !== "object" || Array.isArray(claims)) throw new Error("no claims");
    return claims;
  } catch (error) {
    throw new NotGenuine(error.message);
  }
}

export class License {
  constructor(shop, key, instance, { keys, store, product = "", fetch: fetcher = globalThis.fetch }) {
    Object.assign(this, { shop: shop.replace(/\/+$/, ""), key, instance, keys, store, product, fetcher });
  }

  // Take a place for this instance and keep the licence file. Throws Refused or Unreachable.
  async activate() {
    const claims = await this.#ask("activate");
    if (!claims.activated) throw new Refused(claims.code, claims.message);
    return claims;
  }

  // Ask for a fresh file. Where the shop says no, the file goes; where it is away, the file stays.
  async refresh() {
    try {
      const claims = await this.#ask("validate");
      if (!claims.valid && claims.code !== "too_many_guesses") await this.store.remove();
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
    }
    return this.state();
  }

  // Free the place. Throws Refused or Unreachable.
  async deactivate() {
    const claims = await this.#ask("deactivate");
    if (!claims.deactivated && claims.code !== "not_activated") throw new Refused(claims.code, claims.message);
    await this.store.remove();
  }

  // From the file alone: good; grace (the shop should be asked, and it still works); over; or none.
  async state(now = Date.now() / 1000) {
    let claims;
    try {
      claims = await read(String((await this.store.get()) ?? "").replace(/\n$/, ""), this.keys);
    } catch {
      return "none";
    }
    if (!this.#isMine(claims) || !(claims.valid || claims.activated)) return "none";
    if (now < claims.iat - DAY) return "none"; // the clock was turned back
    return now <= claims.exp ? "good" : now <= claims.grace ? "grace" : "over";
  }

  #isMine(claims) {
    return (
      claims.iss === this.shop &&
      claims.asked === this.instance &&
      plain(claims.license?.key ?? "") === plain(this.key) &&
      ["iat", "exp", "grace"].every((name) => Number.isInteger(claims[name]))
    );
  }

  async #ask(deed) {
    const nonce = base64(crypto.getRandomValues(new Uint8Array(16)));
    let data, claims;
    try {
      const { key, instance, product } = this;
      const answer = await this.fetcher(`${this.shop}/api/v1/licenses/${deed}/`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify({ key, instance, product, nonce }),
        signal: AbortSignal.timeout(15000),
      });
      data = await answer.json();
      claims = await read(data.signed, this.keys);
    } catch (error) {
      throw new Unreachable(error.message);
    }
    if (claims.nonce !== nonce || claims.iss !== this.shop) throw new Unreachable("an answer to another question");
    if ("exp" in claims && this.#isMine(claims)) await this.store.set(`${data.signed}\n`);
    return claims;
  }
}

// Throws for any spelling but the one that the shop makes.
function bytes(text) {
  const data = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
  if (base64(data) !== text) throw new Error("another spelling");
  return data;
}

function base64(data) {
  return btoa(String.fromCharCode(...data)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function words(text) {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes(text));
}

// As the shop compares keys: without regard to case, spaces, dashes, and whose digits they are.
function plain(key) {
  const digit = (char) => String(char.charCodeAt(0) & 0xf);
  return key.replace(/[٠-٩۰-۹]/g, digit).toLowerCase().replace(/[^0-9a-z]/g, "");
}
