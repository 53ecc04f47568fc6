// Keeps what somebody has answered so far on their own device: encrypted with a key that scripts cannot read out
// (WebCrypto, not extractable), both in IndexedDB, and gone together with one call of `erase`.
const ROOM = "comity-survey";

export const canKeep = Boolean(globalThis.crypto?.subtle && globalThis.indexedDB);

export async function keep(name, value) {
  if (!canKeep) return false;
  try {
    const key = await ownKey();
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, new TextEncoder().encode(JSON.stringify(value)));
    await put(name, { iv, data });
    return true;
  } catch {
    return false;
  }
}

export async function recall(name) {
  if (!canKeep) return null;
  try {
    const kept = await get(name);
    if (!kept) return null;
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: kept.iv }, await ownKey(), kept.data);
    return JSON.parse(new TextDecoder().decode(plain));
  } catch {
    return null;
  }
}

// Everything goes, the key as well, whatever the survey.
export async function erase() {
  if (!canKeep) return;
  await using_("readwrite", (store) => store.clear());
}

async function ownKey() {
  const kept = await get("key");
  if (kept) return kept;
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  await put("key", key);
  return key;
}

const get = (name) => using_("readonly", (store) => store.get(name));
const put = (name, value) => using_("readwrite", (store) => store.put(value, name));

function using_(mode, ask) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(ROOM, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("kept");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const work = opening.result.transaction("kept", mode);
      const asked = ask(work.objectStore("kept"));
      work.oncomplete = () => {
        opening.result.close();
        resolve(asked.result);
      };
      work.onabort = work.onerror = () => {
        opening.result.close();
        reject(work.error);
      };
    };
  });
}
