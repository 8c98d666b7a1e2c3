// The plan editor without reloads. The server reads the form, checks it and words every answer; this sends the
// form as it stands, without saving it, and takes over the parts that show what was typed.

const form = document.querySelector("form[data-editor]");

if (form) {
  let timer, asked;
  for (const button of form.querySelectorAll("[data-without-editor]")) button.hidden = true;

  async function ask(what) {
    asked?.abort();
    asked = new AbortController();
    const body = new URLSearchParams(new FormData(form));
    body.set("do", what);
    const answer = await fetch(form.action, { method: "POST", body, signal: asked.signal, headers: { Accept: "text/html" } });
    if (!answer.ok && answer.status !== 422) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }

  function take(fresh, parts) {
    for (const part of form.querySelectorAll(parts)) {
      const now = fresh.getElementById(part.id);
      if (now && now.innerHTML !== part.innerHTML) part.replaceChildren(...now.childNodes);
    }
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
      focusAfter(where);
    } catch (error) {
      if (error.name !== "AbortError") plainly(button);
    }
  }

  function plainly(button) {
    button.dataset.plain = "1";
    form.requestSubmit(button);
  }

  // The keyboard goes on where the change was: at what is wrong, else at the last row or the first field.
  function focusAfter(where) {
    const part = form.querySelector(`#${where}-part`);
    const rows = part.querySelectorAll("[data-row-first]");
    (part.querySelector("[aria-invalid]") ?? rows[rows.length - 1] ?? part.querySelector(".panel input"))?.focus();
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
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  form.addEventListener("submit", () => { clearTimeout(timer); asked?.abort(); });
}
