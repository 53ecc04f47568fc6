// The code page: exchanges a code for a blind token (RFC 9497) and takes the token to the answer page. The server sees the
// code and a blinded element, never the token; its proof is checked, so that it cannot use a key of its own for one person.
import { Evaluation, Oprf, VOPRFClient } from "@cloudflare/voprf-ts";
import { CryptoNoble } from "@cloudflare/voprf-ts/crypto-noble";
import { fromText, toText } from "./survey-text.js";

Oprf.Crypto = CryptoNoble;
const SUITE = Oprf.Suite.RISTRETTO255_SHA512;

const form = document.querySelector("form[data-code]");
const problem = document.getElementById("problem");
document.querySelector("[data-without-script]")?.remove();
const printed = location.hash.slice(1);
// People of the office come from its pages and go back there, with the answers of somebody on the phone or on paper.
const office = { interview: "/office/interview/", paper: "/office/paper/" }[printed];
if (!office && /^[0-9A-Za-z-]{10,14}$/.test(printed)) form.code.value = printed;
history.replaceState(null, "", location.pathname + location.search);

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  const label = button.textContent;
  button.disabled = true;
  button.textContent = form.dataset.waiting;
  problem.hidden = true;
  try {
    await exchange(form.code.value.trim());
  } catch (trouble) {
    say(trouble instanceof Refused ? trouble.message : form.dataset.offline);
    button.disabled = false;
    button.textContent = label;
  }
});

class Refused extends Error {}

async function exchange(code) {
  // The element of a try is kept until the exchange is done, so that a lost answer can be asked for again: the server
  // evaluates the very same element as often as it likes, and no other.
  const nonce = remembered(code) ?? crypto.getRandomValues(new Uint8Array(64));
  remember(code, nonce);
  const client = new VOPRFClient(SUITE, new Uint8Array(32));
  client.randomBlinder = async () => client.group.hashToScalar(nonce.slice(32), new TextEncoder().encode("comity blind"));
  const input = nonce.slice(0, 32);
  const [finalizing, request] = await client.blind([input]);
  const blinded = request.blinded[0].serialize(true);
  const response = await fetch(form.dataset.exchange, {
    method: "POST",
    body: new URLSearchParams({ code, blinded: toText(blinded) }),
    credentials: "omit",
    referrerPolicy: "no-referrer",
  });
  if (response.status !== 200 && response.status !== 422) throw new Error("no answer");
  const said = await response.json();
  if (said.what) throw new Refused(`${said.what} ${said.next_step}`);
  client.pubKeyServer = fromText(said.public_key);
  let output;
  try {
    [output] = await client.finalize(finalizing, Evaluation.deserialize(SUITE, fromText(said.evaluation)));
  } catch {
    throw new Refused(form.dataset.dishonest);
  }
  const token = new Uint8Array(96);
  token.set(input);
  token.set(output, 32);
  forget();
  const path = office ? said.answers_url.replace("/survey/", office) : said.answers_url;
  const fragment = new URLSearchParams({ token: toText(token), stratum: said.stratum, key: said.public_key });
  location.replace(`${path}#${fragment}`);
}

function say(sentence) {
  problem.textContent = sentence;
  problem.hidden = false;
  problem.focus();
}

function remembered(code) {
  const kept = sessionStorage.getItem("comity-exchange");
  return kept?.startsWith(`${code} `) ? fromText(kept.slice(code.length + 1)) : null;
}

function remember(code, nonce) {
  sessionStorage.setItem("comity-exchange", `${code} ${toText(nonce)}`);
}

function forget() {
  sessionStorage.removeItem("comity-exchange");
}
