// The answer page, made to survive a bad connection: pages come without a reload, every answer is kept on the device as it
// is given, and what could not be sent is sent again, by itself. The form is complete without this script.
import { canKeep, erase, keep, recall } from "./survey-store.js";

const sheet = document.getElementById("sheet");
const name = sheet.dataset.survey;
const room = `${name}-${sheet.dataset.fingerprint}`;
let secret = null; // { token, stratum }: leaves the device only with the finished answers
let hasBegun = false;
let isSending = false;

const fragment = new URLSearchParams(location.hash.slice(1));
if (fragment.get("token")) {
  secret = { token: fragment.get("token"), stratum: fragment.get("stratum") ?? "" };
  // The key that the code page used must be the one that this page shows to everybody.
  if (JSON.parse(sheet.dataset.keys)[secret.stratum] !== fragment.get("key")) {
    secret = null;
    say(sheet.dataset.dishonest);
  }
}

const kept = await recall(room);
secret ??= kept?.secret ?? null;
hasBegun = Boolean(kept?.fields);
if (hasBegun && document.querySelector("[data-form]")) await resume(kept.fields);
dress();
await save();
// Only now: until the token is kept on the device, the address is the one place that has it.
if (fragment.get("token") && (canKeep || hasBegun)) history.replaceState(null, "", location.pathname + location.search);

sheet.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-form]");
  if (!form) return;
  event.preventDefault();
  send(form, event.submitter?.value ?? "next");
});
sheet.addEventListener("change", save);
sheet.addEventListener("input", soon(save, 400));

addEventListener("popstate", () => {
  const form = sheet.querySelector("form[data-form]");
  if (form && hasBegun) send(form, "back");
});

const eraser = document.querySelector("[data-erase]");
eraser.hidden = false;
eraser.addEventListener("click", async () => {
  if (!confirm(sheet.dataset.eraseQuestion)) return;
  await erase();
  secret = null;
  sheet.replaceChildren();
  storage(sheet.dataset.erased);
  eraser.hidden = true;
});

for (const link of document.querySelectorAll("[data-leave]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    document.body.replaceChildren();
    location.replace(link.href);
  });
}

async function resume(fields) {
  const form = document.querySelector("[data-form]");
  const body = new URLSearchParams(fields);
  body.set("_go", "show");
  for (const hidden of form.querySelectorAll("[name=csrfmiddlewaretoken]")) body.set(hidden.name, hidden.value);
  try {
    await show(await post(form, body));
  } catch {
    say(sheet.dataset.offline);
  }
}

// Only one request at a time: a second tap while one is under way is the same tap.
async function send(form, go) {
  if (isSending) return;
  isSending = hasBegun = true;
  sheet.setAttribute("aria-busy", "true");
  try {
    await save();
    const body = fieldsOf(form);
    body.set("_go", go);
    if (go === "next" || go === "start") history.pushState(null, "");
    if (go === "send" && secret) {
      body.set("_token", secret.token);
      body.set("_stratum", secret.stratum);
    }
    for (let wait = 1000; ; wait = Math.min(wait * 2, 30_000)) {
      try {
        await show(await post(form, body));
        break;
      } catch {
        say(sheet.dataset.offline);
        await untilOnline(wait);
      }
    }
  } finally {
    isSending = false;
    sheet.removeAttribute("aria-busy");
  }
}

async function post(form, body) {
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), 60_000);
  try {
    const response = await fetch(form.getAttribute("action"), {
      method: "POST",
      body,
      credentials: sheet.hasAttribute("data-interview") ? "same-origin" : "omit",
      referrerPolicy: "no-referrer",
      signal: ending.signal,
    });
    if (![200, 422].includes(response.status)) throw new Error(`status ${response.status}`);
    return new DOMParser().parseFromString(await response.text(), "text/html");
  } finally {
    clearTimeout(timer);
  }
}

async function show(page) {
  const next = page.getElementById("sheet");
  if (!next) throw new Error("not a page of this survey");
  sheet.replaceChildren(...next.childNodes);
  document.title = page.title;
  if (sheet.querySelector("[data-sent]")) {
    await erase();
    secret = null;
    eraser.hidden = true;
    storage("");
  } else {
    dress();
    await save();
  }
  scrollTo(0, 0);
  (sheet.querySelector("[data-problems]") ?? sheet.querySelector("h1"))?.focus({ preventScroll: true });
}

function dress() {
  const needs = sheet.querySelector("[data-needs-token]");
  if (needs) {
    needs.hidden = Boolean(secret);
    const begin = sheet.querySelector("form[data-form] button[value=start]");
    if (begin) begin.hidden = !secret;
  }
}

async function save() {
  const form = sheet.querySelector("form[data-form]");
  if (!form) return;
  const fields = fieldsOf(form);
  fields.delete("csrfmiddlewaretoken");
  const isKept = await keep(room, { secret, fields: hasBegun ? fields.toString() : "" });
  storage(isKept ? sheet.dataset.kept : sheet.dataset.notKept);
}

function fieldsOf(form) {
  return new URLSearchParams([...new FormData(form)]);
}

function say(sentence) {
  const place = sheet.querySelector("[data-says]");
  if (!place) return;
  place.textContent = sentence;
  place.hidden = !sentence;
}

function storage(sentence) {
  const place = document.querySelector("[data-storage]");
  place.textContent = sentence;
  place.hidden = !sentence;
}

function untilOnline(milliseconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    addEventListener("online", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

function soon(work, milliseconds) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, milliseconds);
  };
}
