// Shows how far an upload has come. Without this script the form is sent just the same, in silence.
(() => {
  "use strict";
  const words = document.querySelector("[data-upload-words]");
  const form = document.querySelector("form[enctype='multipart/form-data']");
  if (!words || !form || !window.XMLHttpRequest) return;

  const hasFile = () => [...form.querySelectorAll("input[type=file]")].some((input) => input.files.length);

  function show(done, total) {
    const bar = words.querySelector("progress");
    words.hidden = false;
    bar.max = total;
    bar.value = done;
    words.querySelector("[data-upload-state]").textContent = done < total ? words.dataset.sending : words.dataset.keeping;
  }

  function fail() {
    words.querySelector("[data-upload-state]").textContent = words.dataset.failed;
    for (const button of form.querySelectorAll("[type=submit]")) button.disabled = false;
  }

  // The answer takes the page's place as if the browser had sent the form itself.
  function open(request) {
    if (request.status >= 400) return fail();
    if (request.responseURL !== location.href) history.pushState(null, "", request.responseURL);
    document.open();
    document.write(request.responseText);
    document.close();
  }

  form.addEventListener("submit", (event) => {
    if (!hasFile() || event.defaultPrevented) return;
    event.preventDefault();
    const data = new FormData(form, event.submitter);
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (sent) => { if (sent.lengthComputable) show(sent.loaded, sent.total); });
    request.addEventListener("load", () => open(request));
    request.addEventListener("error", fail);
    request.open("POST", form.action);
    show(0, 1);
    for (const button of form.querySelectorAll("[type=submit]")) button.disabled = true;
    request.send(data);
  });
})();
