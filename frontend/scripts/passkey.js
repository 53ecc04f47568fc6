// Makes or uses a passkey (W3C Web Authentication) for the form that asks for one. The server's options stand in the page;
// the browser's answer goes back in the form's field `credential`.
const form = document.querySelector("form[data-passkey]");
const options = JSON.parse(document.getElementById("passkey-options").textContent).publicKey;

const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const withBytes = (credentials = []) => credentials.map((each) => ({ ...each, id: toBytes(each.id) }));

async function answer() {
  const challenge = toBytes(options.challenge);
  if (form.dataset.passkey === "create") {
    const user = { ...options.user, id: toBytes(options.user.id) };
    const excludeCredentials = withBytes(options.excludeCredentials);
    return navigator.credentials.create({ publicKey: { ...options, challenge, user, excludeCredentials } });
  }
  const allowCredentials = withBytes(options.allowCredentials);
  return navigator.credentials.get({ publicKey: { ...options, challenge, allowCredentials } });
}

function asRecord(credential) {
  const { response } = credential;
  const parts = ["attestationObject", "authenticatorData", "clientDataJSON", "signature", "userHandle"];
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: Object.fromEntries(parts.filter((part) => response[part]).map((part) => [part, toText(response[part])])),
  };
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const failed = form.querySelector("[data-failed]");
  failed.hidden = true;
  try {
    form.elements.credential.value = JSON.stringify(asRecord(await answer()));
    form.submit();
  } catch {
    failed.hidden = false;
  }
});
