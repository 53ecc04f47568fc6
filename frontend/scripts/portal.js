// What pages do beyond HTML: the explorer answers while one chooses, commands copy with a button, and print opens every table.
// Everything here is an extra: each page is complete without it.

const explorer = document.querySelector("form[data-explorer]");
if (explorer) {
  let request = null;
  const refresh = async () => {
    request?.abort();
    request = new AbortController();
    const address = `${explorer.action.split("?")[0]}?${asked(explorer)}`;
    const result = document.querySelector("#result");
    result.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(address, { signal: request.signal });
      if (!response.ok) return explorer.submit();
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      result.replaceChildren(...page.querySelector("#result").childNodes);
      for (const slot of explorer.querySelectorAll("[data-count]")) {
        const fresh = page.querySelector(`[data-count="${CSS.escape(slot.dataset.count)}"]`);
        if (fresh) slot.replaceChildren(...fresh.childNodes);
      }
      for (const link of document.querySelectorAll(".languages a[href]")) {
        const fresh = page.querySelector(`.languages a[hreflang="${link.hreflang}"]`);
        if (fresh) link.href = fresh.getAttribute("href");
      }
      history.replaceState(null, "", address);
      result.removeAttribute("aria-busy");
    } catch (problem) {
      if (problem.name !== "AbortError") explorer.submit();
    }
  };
  explorer.addEventListener("change", refresh);
}

function asked(form) {
  const fields = [...new FormData(form)].filter(([, value]) => value !== "");
  return new URLSearchParams(fields).toString();
}

for (const button of document.querySelectorAll("button[data-chart]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const room = button.parentElement.querySelector("[data-finding]");
    try {
      const { explore } = await import(button.dataset.chart);
      room.hidden = false;
      await explore(room);
      button.parentElement.querySelector("picture").hidden = true;
      button.hidden = true;
    } catch {
      room.hidden = true;
      button.textContent = button.dataset.failed;
    }
  });
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    button.textContent = button.dataset.done;
  });
}

let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  for (const each of opened) each.open = true;
});
addEventListener("afterprint", () => {
  for (const each of opened) each.open = false;
});
