// The plan editor without reloads. The server reads the form, checks it and words every answer; this sends the
// form as it stands, without saving it, and takes over the parts that show what was typed.

const form = document.querySelector("form[data-editor]");

if (form) {
  let timer, asked;
  for (const button of document.querySelectorAll("[data-without-editor]")) button.hidden = true;

  async function ask(what) {
    asked?.abort();
    asked = new AbortController();
    const body = new URLSearchParams(new FormData(form));
    body.set("do", what);
    const answer = await fetch(form.action, { method: "POST", body, signal: asked.signal, headers: { Accept: "text/html" } });
    if (!answer.ok && answer.status !== 422) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }

  // Parts beside the form belong to it too: the preview holds a form of its own, and forms do not nest.
  const shown = new Map();
  function take(fresh, parts) {
    for (const part of document.querySelectorAll(parts)) {
      const now = part.isConnected && fresh.getElementById(part.id);
      if (!now || now.innerHTML === (shown.get(part.id) ?? part.innerHTML)) continue;
      shown.set(part.id, now.innerHTML);
      replace(part, now);
    }
  }

  function replace(part, now) {
    const sheet = part.querySelector(":scope > link[rel=stylesheet]"), next = now.querySelector(":scope > link[rel=stylesheet]");
    if (sheet && next) {
      sheet.href = next.getAttribute("href"); // the old colours stay until the new ones are here
      return;
    }
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    part.replaceChildren(...now.childNodes);
    for (const step of part.querySelectorAll("[data-step]")) step.hidden = false;
    if (focused) document.getElementById(focused)?.focus();
  }

  async function preview() {
    try {
      const fresh = await ask("preview");
      if (fresh) take(fresh, "[data-live]");
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  }

  // Without a line to the server nothing is lost: the button then sends the form as it does without scripts.
  async function swap(button) {
    const { value } = button, where = button.dataset.swap;
    try {
      const fresh = await ask(value);
      if (!fresh) return plainly(button);
      take(fresh, "[data-part], [data-live]");
      focusAfter(where, value);
    } catch (error) {
      if (error.name !== "AbortError") plainly(button);
    }
  }

  function plainly(button) {
    button.dataset.plain = "1";
    form.requestSubmit(button);
  }

  // The keyboard goes on where the change was: at what is wrong, else at the last row or the first field.
  function focusAfter(where, what) {
    const part = form.querySelector(`#${where}-part`);
    const [verb, row] = what.split("-");
    if (verb === "up" || verb === "down") {
      const to = Number(row) + (verb === "up" ? -1 : 1);
      (part.querySelector(`[value="${verb}-${to}"]:enabled`) ?? part.querySelector(`[value$="-${to}"]:enabled`))?.focus();
      return;
    }
    const rows = part.querySelectorAll("[data-row-first]");
    (part.querySelector("[aria-invalid]") ?? rows[rows.length - 1] ?? part.querySelector(".panel input, [tabindex]"))?.focus();
  }

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-swap]");
    if (!button) return;
    event.preventDefault();
    clearTimeout(timer);
    swap(button);
  });
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(preview, 250);
  };
  for (const place of [form, ...document.querySelectorAll("[data-look]")]) {
    place.addEventListener("input", later);
    place.addEventListener("change", later);
  }
  form.addEventListener("submit", () => { clearTimeout(timer); asked?.abort(); });
}
