// Buttons that ask the browser for a passkey and send its answer with their form. They
// stay hidden where there is no such thing.
(() => {
  "use strict";

  if (!window.PublicKeyCredential) return;

  const toBytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));

  const toText = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  // The browser's own ways from and to JSON are missing in older ones, and what a password
  // manager answers with may lack them.
  const read = (options) => {
    const listed = (list) => (list || []).map((each) => ({ ...each, id: toBytes(each.id) }));
    return {
      ...options,
      challenge: toBytes(options.challenge),
      ...(options.user && { user: { ...options.user, id: toBytes(options.user.id) } }),
      allowCredentials: listed(options.allowCredentials),
      excludeCredentials: listed(options.excludeCredentials),
    };
  };

  const write = ({ rawId, response }) => {
    const answer = { clientDataJSON: toText(response.clientDataJSON) };
    if (response.attestationObject) {
      answer.attestationObject = toText(response.attestationObject);
      answer.transports = response.getTransports ? response.getTransports() : [];
    } else {
      answer.authenticatorData = toText(response.authenticatorData);
      answer.signature = toText(response.signature);
      answer.userHandle = response.userHandle ? toText(response.userHandle) : null;
    }
    return JSON.stringify({ id: toText(rawId), rawId: toText(rawId), type: "public-key", response: answer });
  };

  const fetchOptions = async (address, form) => {
    const answer = await fetch(address, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
    });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return answer.json();
  };

  const wordsFor = (error) => {
    if (error.name === "InvalidStateError") return "This device already has a passkey for your account.";
    if (error.name === "NotAllowedError") return "No passkey was chosen. Try again when you are ready.";
    if (error.message === "429") return "Too many attempts. Wait a minute, then try again.";
    return "That did not work. Load the page again, then try once more.";
  };

  const ask = async (button) => {
    const { form, dataset } = button;
    const options = dataset.create ? JSON.parse(dataset.create) : await fetchOptions(dataset.ask, form);
    const publicKey = read(options);
    const credential = dataset.create
      ? await navigator.credentials.create({ publicKey })
      : await navigator.credentials.get({ publicKey });
    form.elements.passkey.value = write(credential);
    // The passkey takes the place of what else the form asks for.
    form.noValidate = true;
    form.requestSubmit(form.querySelector('[type="submit"]'));
  };

  for (const part of document.querySelectorAll(".passkey")) {
    const button = part.querySelector("button");
    const complaint = part.querySelector("[role=alert]");
    part.hidden = false;
    button?.addEventListener("click", async () => {
      button.disabled = true;
      complaint.textContent = "";
      try {
        await ask(button);
      } catch (error) {
        complaint.textContent = wordsFor(error);
        button.disabled = false;
      }
    });
  }
})();
