// The piece of shop beside the settings follows what is typed. Without this it shows what is saved.
const preview = document.querySelector("[data-preview]");
const form = preview?.closest("form");
let asked = 0;
let timer = 0;
let picture = "";

// Colours go through the style object, since the page allows no style in its markup.
function paint() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const theme = document.documentElement.dataset.theme;
  const isDark = theme === "dark" || (theme !== "light" && dark);
  for (const [name, pair] of Object.entries(preview.querySelector("[data-look]").dataset)) {
    const token = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (pair) preview.style.setProperty(`--${token}`, pair.split(" ")[isDark ? 1 : 0]);
  }
  const logo = preview.querySelector("[data-logo]");
  if (picture) { logo.src = picture; logo.hidden = false; logo.nextElementSibling?.remove(); }
}

async function show() {
  const turn = ++asked;
  const data = new FormData(form);
  data.delete("logo_upload");
  try {
    const answer = await fetch(preview.dataset.preview, { method: "POST", body: data });
    const html = await answer.text();
    if (!answer.ok || turn !== asked) return;
    preview.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
    paint();
  } catch { /* the piece stays as it was */ }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(show, 250);
}

// A picker beside each colour that is written.
function addPicker(field) {
  const picker = document.createElement("input");
  picker.type = "color";
  picker.value = /^#[0-9a-f]{6}$/i.test(field.value) ? field.value : field.dataset.colour;
  picker.setAttribute("aria-label", field.labels[0]?.textContent ?? "");
  picker.addEventListener("input", () => { field.value = picker.value; soon(); });
  field.addEventListener("input", () => { if (/^#[0-9a-f]{6}$/i.test(field.value)) picker.value = field.value; });
  field.after(picker);
}

function readLogo(event) {
  const [file] = event.target.files;
  if (!file?.type.startsWith("image/")) { picture = ""; return soon(); }
  const reader = new FileReader();
  reader.addEventListener("load", () => { picture = reader.result; paint(); });
  reader.readAsDataURL(file);
}

if (form) {
  for (const field of form.querySelectorAll("[data-colour]")) addPicker(field);
  form.querySelector("[name=logo_upload]")?.addEventListener("change", readLogo);
  form.addEventListener("input", soon);
  paint();
}
