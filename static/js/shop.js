// Loaded before the page is drawn, so that a chosen theme is there from the first picture.
// Everything here only adds to pages that work without it.
(() => {
  "use strict";
  const root = document.documentElement;
  const storage = {
    get() { try { return localStorage.getItem("theme"); } catch { return null; } },
    set(theme) { try { localStorage.setItem("theme", theme); } catch { /* kept for this page only */ } },
  };
  const visit = {
    get() { try { return sessionStorage.getItem("coupon"); } catch { return null; } },
    set(code) { try { code ? sessionStorage.setItem("coupon", code) : sessionStorage.removeItem("coupon"); } catch { /* this page only */ } },
  };
  const chosen = storage.get();
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;

  function switchTheme() {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    storage.set(root.dataset.theme);
  }

  async function copy(button) {
    await navigator.clipboard.writeText(button.dataset.copy);
    const words = button.querySelector("[data-copy-word]");
    const before = words.textContent;
    words.textContent = button.dataset.copied;
    setTimeout(() => { words.textContent = before; }, 2000);
  }

  // Arrow keys move along a shelf, in the direction of reading.
  function moveAlongShelf(event) {
    const shelf = event.target.closest("[data-shelf]");
    if (!shelf || (event.key !== "ArrowRight" && event.key !== "ArrowLeft")) return;
    const links = [...shelf.querySelectorAll("a[href]")];
    const forward = (event.key === "ArrowRight") !== (getComputedStyle(shelf).direction === "rtl");
    const next = links[links.indexOf(event.target) + (forward ? 1 : -1)];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  // Enter in the coupon's field applies it; by itself it would press the first button of the form, which pays.
  function applyCoupon(event) {
    if (event.key !== "Enter" || event.target.id !== "coupon") return;
    event.preventDefault();
    document.querySelector("[name=enter_coupon]").click();
  }

  // The bar at the foot of a phone steps aside while the button itself is in sight.
  function watchBuyButton() {
    const bar = document.querySelector(".buybar");
    const button = document.querySelector("[data-buy]");
    if (!bar || !button || !("IntersectionObserver" in window)) return;
    new IntersectionObserver(([seen]) => bar.classList.toggle("away", seen.isIntersecting)).observe(button);
  }

  // What is left until a sale ends, in the reader's words; the day stands in the page anyway.
  const units = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const digits = { "0": "latn", "٠": "arab", "۰": "arabext" }; // by the zero that the page writes

  function timeLeft(seconds, language) {
    const parts = [];
    seconds = Math.ceil(seconds / 60) * 60;
    const first = units.findIndex(([, length]) => seconds >= length);
    for (const [unit, length] of units.slice(first, first + 2)) {
      const count = Math.floor(seconds / length);
      seconds -= count * length;
      if (count || !parts.length) parts.push(new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count));
    }
    return new Intl.ListFormat(language, { type: "unit", style: "long" }).format(parts);
  }

  // When a sale has ended, the page says what is asked from now on.
  function endSale(place) {
    const after = place.querySelector("[data-after]");
    if (after) place.replaceChildren(...after.childNodes);
  }

  function watchSales() {
    const ends = [...document.querySelectorAll("time[data-until]")];
    const prices = [...document.querySelectorAll("[data-sale]")];
    if (!ends.length && !prices.length) return;
    const left = (text) => Math.ceil((Date.parse(text) - Date.now()) / 1000);
    for (const place of prices) if (left(place.dataset.sale) <= 0) endSale(place);
    for (const place of ends) {
      const seconds = left(place.dateTime), language = `${root.lang}-u-nu-${digits[place.dataset.zero]}`;
      place.title ||= place.textContent;
      place.textContent = seconds > 0 ? place.dataset.until.replace("{left}", timeLeft(seconds, language)) : place.dataset.over;
    }
    const next = [...ends.map((place) => place.dateTime), ...prices.map((place) => place.dataset.sale)].map(left).filter((seconds) => seconds > 0);
    if (next.length) setTimeout(watchSales, 1000 * Math.min(...next.map((seconds) => seconds % 60 || 60)));
  }

  // Shared pages set no cookie: a link's coupon is carried along this visit until the cart or the checkout takes it.
  function carryCoupon() {
    const isTaken = /\/(cart|checkout)\/$/.test(location.pathname);
    const code = isTaken ? "" : new URLSearchParams(location.search).get("coupon") || visit.get();
    visit.set(code);
    if (!code) return;
    for (const link of document.querySelectorAll("a[href$='/cart/']")) link.search = new URLSearchParams({ coupon: code });
    for (const form of document.querySelectorAll("form[action$='/cart/lines/']")) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name: "coupon", value: code });
      form.append(field);
    }
  }

  // A changed quantity is sent at once; without scripts its button does it.
  function watchQuantities() {
    for (const form of document.querySelectorAll("form[data-quantity]")) {
      form.querySelector("button").classList.add("sr-only");
      form.addEventListener("change", () => form.requestSubmit());
    }
  }

  // A page opened by an affiliate's link tells of it once it is drawn; the page itself is everybody's, and
  // caches keep it. Where nothing may be kept in this browser, the links carry the code on.
  async function tellOfReferral() {
    const asked = new URLSearchParams(location.search);
    const code = asked.get("ref");
    if (!code || code.length > 100) return;
    const said = new URLSearchParams({ path: location.pathname });
    for (const name of ["sub", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"]) {
      if (asked.has(name)) said.set(name, asked.get(name).slice(0, 100));
    }
    const answer = await fetch(`/r/${encodeURIComponent(code)}/`, { method: "POST", body: said, keepalive: true });
    if (answer.status !== 202) return;
    for (const link of document.querySelectorAll("a[href]")) {
      const address = new URL(link.href);
      if (address.origin !== location.origin || address.searchParams.has("ref") || link.hasAttribute("download")) continue;
      address.searchParams.set("ref", code);
      if (asked.has("sub")) address.searchParams.set("sub", asked.get("sub"));
      link.href = address.href;
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-switch], [data-copy]");
    if (button?.matches("[data-theme-switch]")) switchTheme();
    else if (button) copy(button);
  });
  document.addEventListener("keydown", moveAlongShelf);
  document.addEventListener("keydown", applyCoupon);
  document.addEventListener("DOMContentLoaded", () => {
    const working = navigator.clipboard ? "[data-theme-switch], [data-copy]" : "[data-theme-switch]";
    for (const control of document.querySelectorAll(working)) control.hidden = false;
    watchBuyButton();
    watchQuantities();
    tellOfReferral().catch(() => { /* away for a moment: the cart looks at the page's address, too */ });
    watchSales();
    carryCoupon();
  });
})();
