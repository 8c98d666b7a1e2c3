// The pricing page without reloads. The server computes and words every total; this asks it for the page with
// another number of seats and takes over the parts marked data-live, so that script, page and invoice agree.

const root = document.querySelector("[data-pricing]");

if (root) {
  const inputs = [...root.querySelectorAll("input[name=quantity][type=number]")];
  for (const button of root.querySelectorAll("[data-recalculate]")) button.remove();

  // After a refused purchase the address is that of the form's target; the page itself is elsewhere.
  const own = new URL(root.dataset.pricing, location.href);
  const page = own.pathname === location.pathname ? new URL(location.href) : own;
  let timer, asked;

  async function refresh(seats) {
    asked?.abort();
    asked = new AbortController();
    page.searchParams.set("seats", seats);
    try {
      const answer = await fetch(page, { signal: asked.signal, headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of root.querySelectorAll("[data-live]")) {
        const now = fresh.getElementById(part.id);
        if (now && now.innerHTML !== part.innerHTML) part.replaceChildren(...now.childNodes);
      }
      for (const link of root.querySelectorAll(".pricing-switches a")) withSeats(link, seats);
      for (const copy of root.querySelectorAll("[data-seats-copy], .switch-form input[name=seats]")) copy.value = seats;
      history.replaceState(null, "", page);
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  }

  function withSeats(link, seats) {
    const to = new URL(link.href);
    to.searchParams.set("seats", seats);
    link.href = to;
  }

  for (const input of inputs) {
    input.addEventListener("input", () => {
      clearTimeout(timer);
      if (!/^\d+$/.test(input.value) || !input.checkValidity()) return;
      const seats = String(Number(input.value));
      // One number of seats for the whole page: plans are compared for the same team.
      for (const other of inputs) {
        if (other !== input) other.value = seats;
      }
      timer = setTimeout(() => refresh(seats), 150);
    });
  }

  // A switch loads the page anew; the reader stays where they were.
  const place = "pricing-place";
  for (const link of root.querySelectorAll("[data-keep-place]")) {
    link.addEventListener("click", () => sessionStorage.setItem(place, String(scrollY)));
  }
  const before = sessionStorage.getItem(place);
  if (before !== null) {
    sessionStorage.removeItem(place);
    scrollTo(0, Number(before));
  }
}
