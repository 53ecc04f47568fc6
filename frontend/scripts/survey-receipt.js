// Looks a receipt up in the whole list, on the device: the server learns only that somebody read the list.
const form = document.querySelector("form[data-receipts]");
if (form) {
  form.hidden = false;
  document.querySelector("[data-without-script]")?.remove();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wanted = form.querySelector("input").value.toLowerCase().replace(/[^0-9a-f]/g, "");
    const answer = form.querySelector("[data-answer]");
    const list = await (await fetch(form.dataset.receipts, { credentials: "omit" })).text();
    const isThere = wanted.length >= 32 && list.split("\n").some((line) => line.startsWith(wanted));
    answer.textContent = isThere ? form.dataset.yes : form.dataset.no;
  });
}
