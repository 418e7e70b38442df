// Proves to newsletter/antispam.py that a browser took the time to compute: finds the
// number whose key begins as the challenge says (PBKDF2, as altcha has it).

const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
const hex = (buffer) =>
  Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

async function solve({ nonce, salt, cost, keyLength, keyPrefix }) {
  const password = new Uint8Array([...bytes(nonce), 0, 0, 0, 0]);
  const last = new DataView(password.buffer, password.length - 4);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: bytes(salt), iterations: cost };
  for (let counter = 0; ; counter++) {
    last.setUint32(0, counter);
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const derivedKey = hex(await crypto.subtle.deriveBits(how, key, keyLength * 8));
    if (derivedKey.startsWith(keyPrefix)) return { counter, derivedKey };
  }
}

// A form that a script submits leaves out which button was pressed.
function keepAnswer(form, button) {
  if (!button?.name) return;
  const { name, value } = button;
  form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
}

for (const form of document.querySelectorAll("form[data-challenge]")) {
  const { proof } = form.elements;
  const status = form.querySelector("[role=status]");
  let working = false;

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (working) return;
    working = true;
    status.hidden = false;
    try {
      const challenge = await (await fetch(form.dataset.challenge)).json();
      const solution = await solve(challenge.parameters);
      proof.value = btoa(JSON.stringify({ challenge, solution }));
    } finally {
      keepAnswer(form, event.submitter);
      // Without a proof the server says what to do.
      form.submit();
    }
  });

  // A page brought back by the browser's Back: a proof counts once.
  window.addEventListener("pageshow", () => {
    working = false;
    status.hidden = true;
    proof.value = "";
  });
}
