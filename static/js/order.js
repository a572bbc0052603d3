// Asks whether the payment is confirmed, ever more slowly, and only while somebody is looking.
const waiting = document.querySelector("[data-order-state]");
let delay;
let timer;

function wait() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(look, delay);
}

async function look() {
  try {
    const answer = await fetch(waiting.dataset.orderStatus, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (answer.ok && (await answer.json()).state !== waiting.dataset.orderState) {
      location.reload();
      return;
    }
  } catch { /* the network is away: the next look will tell */ }
  delay = Math.min(delay * 1.3, 15000);
  wait();
}

function begin() {
  delay = 1500;
  wait();
}

if (waiting) {
  document.addEventListener("visibilitychange", begin);
  begin();
}
