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
        handle.removeEventListener("pointerup", end);
        handle.removeEventListener("pointercancel", end);
        plan.classList.remove("dragged");
        if (e.type === "pointercancel") between(plan, home);
        else if (ids(scope).join() !== before.join()) save(plan, scope, home);
      };
      handle.addEventListener("pointermove", follow);
      handle.addEventListener("pointerup", end);
      handle.addEventListener("pointercancel", end);
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
    between(plan, next ?? others.at(-1).nextElementSibling);
  }

  // Puts a plan before another element, or last, by moving those in between: a handle that leaves the page, be it for
  // a moment, loses the pointer.
  function between(plan, next) {
    const all = [...list.children], from = all.indexOf(plan), to = next ? all.indexOf(next) : all.length;
    if (to < from) plan.after(...all.slice(to, from));
    else plan.before(...all.slice(from + 1, to));
  }

  async function save(plan, scope, home) {
    const body = new URLSearchParams(ids(scope).map((id) => ["plan", id]));
    const answer = await fetch(list.dataset.order, { method: "POST", body, headers: { Accept: "application/json" }, redirect: "error" }).catch(() => null);
    if (!answer?.ok) {
      between(plan, home);
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
