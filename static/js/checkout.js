// A box that changes the sum is answered at once: the page is asked for with what is typed, and the parts of it that
// hold sums are exchanged. Whatever goes wrong here, the form itself says the same when it is sent.
const form = document.querySelector("form.checkout");
let asked;

async function look() {
  asked?.abort();
  asked = new AbortController();
  const data = new FormData(form);
  data.set("look", "1");
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body: data, signal: asked.signal });
    if (answer.ok && !answer.redirected) exchange(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch (error) {
    if (error.name === "AbortError") return; // a later look is under way
  }
  form.removeAttribute("aria-busy");
}

function exchange(page) {
  for (const part of document.querySelectorAll("[data-fresh]")) {
    const fresh = page.querySelector(`[data-fresh="${part.dataset.fresh}"]`);
    if (fresh) part.replaceWith(document.adoptNode(fresh));
  }
}

form?.addEventListener("change", (event) => {
  if (event.target.matches("[data-look]")) look();
});
