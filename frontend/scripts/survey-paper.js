// Where a paper form is received: the token that its code was exchanged for comes behind "#", which no server sees, and goes
// into the form; the key it was made with must be the one that everybody is shown.
const form = document.querySelector("form[data-receive]");
document.querySelector("[data-without-script]")?.remove();
const fragment = new URLSearchParams(location.hash.slice(1));
if (fragment.get("token")) {
  history.replaceState(null, "", location.pathname);
  const stratum = fragment.get("stratum") ?? "";
  if (JSON.parse(form.dataset.keys)[stratum] === fragment.get("key")) {
    form.elements.token.value = fragment.get("token");
    form.elements.stratum.value = stratum;
    form.requestSubmit();
  } else {
    const place = document.querySelector("[data-says]");
    place.textContent = form.dataset.dishonest;
    place.hidden = false;
  }
}
