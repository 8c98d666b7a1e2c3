// Small comforts on pages that work without them. Each is asked for by a data attribute.

// data-reveal="<input id>": a button that shows and hides a password.
for (const button of document.querySelectorAll("[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  if (!input) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.textContent = shown ? button.dataset.show : button.dataset.hide;
    button.setAttribute("aria-pressed", String(!shown));
  });
  // Password managers look for a password field when the form is sent.
  input.form?.addEventListener("submit", () => { input.type = "password"; });
}

// data-stepper: buttons data-step="-1" and "1" around a number input.
for (const box of document.querySelectorAll("[data-stepper]")) {
  const input = box.querySelector("input");
  const buttons = [...box.querySelectorAll("[data-step]")];
  const refresh = () => {
    const value = Number(input.value);
    for (const b of buttons) {
      const to = value + Number(b.dataset.step);
      b.disabled = (input.min !== "" && to < Number(input.min)) || (input.max !== "" && to > Number(input.max));
    }
  };
  for (const b of buttons) {
    b.hidden = false;
    b.addEventListener("click", () => {
      input.value = String(Number(input.value) + Number(b.dataset.step));
      input.dispatchEvent(new Event("input", { bubbles: true }));
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
  input.addEventListener("input", refresh);
  refresh();
}

// form[data-once]: a second click does not send twice; a page shown again from the history is fresh.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    event.submitter?.setAttribute("aria-busy", "true");
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) {
    delete form.dataset.sent;
    for (const b of form.querySelectorAll("[aria-busy]")) b.removeAttribute("aria-busy");
  }
});

// details.menu closes on Escape and on a click elsewhere.
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// data-submit-on-change: a select or radio that sends its form; the button data-without-js is not needed then.
for (const el of document.querySelectorAll("[data-submit-on-change]")) {
  el.addEventListener("change", () => el.form.requestSubmit());
  for (const b of el.form.querySelectorAll("[data-without-js]")) b.hidden = true;
}

// On a phone the rail is a row that scrolls: the current page stands in view.
const here = document.querySelector(".rail [aria-current]");
if (here) {
  const rail = here.closest(".rail");
  rail.scrollLeft = here.offsetLeft - (rail.clientWidth - here.offsetWidth) / 2;
}

// data-copy="<element id>": copies its text.
for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  if (!source || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
    button.textContent = button.dataset.copied ?? button.textContent;
  });
}
