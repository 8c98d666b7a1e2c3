// Plans are put in order by dragging their handle, with a mouse or a finger. The buttons beside them do the same for
// the keyboard and without scripts. A plan changes places with those that are sold for the same app or bundle.

const list = document.querySelector("[data-order]");

if (list) {
  const said = document.getElementById("order-said");
  const plans = (scope) => [...list.querySelectorAll("[data-plan][data-scope]")].filter((p) => p.dataset.scope === scope);
  const ids = (scope) => plans(scope).map((p) => p.dataset.plan);
  const scopes = [...new Set([...list.querySelectorAll("[data-scope]")].map((p) => p.dataset.scope))];

  for (const handle of list.querySelectorAll("[data-drag]")) {
    const plan = handle.closest("[data-plan]"), { scope } = plan.dataset;
    if (plans(scope).length < 2) continue;
    handle.hidden = false;
    handle.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      handle.setPointerCapture(event.pointerId);
      const before = ids(scope), home = plan.nextElementSibling;
      plan.classList.add("dragged");
      const follow = (e) => place(plan, scope, e.clientY);
      const end = (e) => {
        handle.removeEventListener("pointermove", follow);
        plan.classList.remove("dragged");
        if (e.type === "pointercancel") list.insertBefore(plan, home);
        else if (ids(scope).join() !== before.join()) save(plan, scope, home);
      };
      handle.addEventListener("pointermove", follow);
      handle.addEventListener("pointerup", end, { once: true });
      handle.addEventListener("pointercancel", end, { once: true });
    });
  }

  // The plan stands before the first one whose middle is below the pointer. Near an edge the page moves along.
  function place(plan, scope, y) {
    if (y < 60) scrollBy(0, -12);
    if (y > innerHeight - 60) scrollBy(0, 12);
    const others = plans(scope).filter((p) => p !== plan);
    const next = others.find((p) => {
      const box = p.getBoundingClientRect();
      return y < box.top + box.height / 2;
    });
    if (next) {
      if (plan.nextElementSibling !== next) list.insertBefore(plan, next);
    } else if (others.at(-1).nextElementSibling !== plan) others.at(-1).after(plan);
  }

  async function save(plan, scope, home) {
    const body = new URLSearchParams(ids(scope).map((id) => ["plan", id]));
    const answer = await fetch(list.dataset.order, { method: "POST", body, headers: { Accept: "application/json" }, redirect: "error" }).catch(() => null);
    if (!answer?.ok) {
      list.insertBefore(plan, home);
      tell(said.dataset.orderFailed, true);
      return;
    }
    const now = plans(scope);
    tell(plan.dataset.moved.replace("{place}", now.indexOf(plan) + 1).replace("{count}", now.length), false);
    ends();
  }

  function tell(text, wrong) {
    said.textContent = text;
    said.className = wrong ? "alert warn" : "order-said muted";
  }

  // The first plan goes no further up, the last no further down.
  function ends() {
    for (const scope of scopes) {
      const all = plans(scope);
      for (const [i, plan] of all.entries()) {
        const up = plan.querySelector('[name=direction][value="up"]'), down = plan.querySelector('[name=direction][value="down"]');
        if (up) up.disabled = i === 0;
        if (down) down.disabled = i === all.length - 1;
      }
    }
  }
}
