// The sum follows the country and the box: the shop reckons it anew whenever one of them changes. Without this the
// page comes again with the new sum before anybody pays another one than they saw.
const form = document.querySelector("form[data-reprice]");
const DECISIVE = new Set(["country", "region", "vat_id", "bump"]);
let asked = 0;

// What the reader is just writing in stays as it is.
function takeOver(page) {
  for (const part of document.querySelectorAll("[data-part]")) {
    const anew = page.querySelector(`[data-part="${part.dataset.part}"]`);
    if (anew && !part.contains(document.activeElement)) part.replaceChildren(...anew.childNodes);
  }
}

async function reprice() {
  const turn = ++asked;
  const data = new FormData(form);
  data.set("reprice", "1");
  try {
    const answer = await fetch(form.action, { method: "POST", body: data });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok && turn === asked) takeOver(page);
  } catch { /* paying shows the new sum all the same */ }
}

form?.addEventListener("change", (event) => { if (DECISIVE.has(event.target.name)) reprice(); });
