// Says in words what a coupon does while one writes it, and shows only the fields of what it takes off.
// Without this script the words come when it is saved.
(() => {
  "use strict";
  const list = document.querySelector("[data-sentences]");
  const form = list?.closest("form");
  if (!form) return;

  function showKind() {
    const isFixed = form.querySelector("[name=kind]:checked")?.value === "fixed";
    document.querySelector(".field-rate_bps").hidden = isFixed;
    document.querySelector(".field-amount").hidden = !isFixed;
  }

  let latest = 0;
  async function say() {
    const mine = ++latest;
    const answer = await fetch(list.dataset.sentences, { method: "POST", body: new FormData(form) });
    if (!answer.ok || mine !== latest) return;
    const { sentences } = await answer.json();
    list.replaceChildren(...sentences.map((sentence) => {
      const item = document.createElement("li");
      item.textContent = sentence;
      return item;
    }));
  }

  let waiting = 0;
  function changed() {
    showKind();
    clearTimeout(waiting);
    waiting = setTimeout(say, 300);
  }

  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  // The lists of products tell of a choice by jQuery alone.
  window.django?.jQuery(form).on("change", "select", changed);
  showKind();
})();
