// A button beside each text that somebody may want to take along. Without it the text
// is selected by hand.

for (const text of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  const button = Object.assign(document.createElement("button"), {
    type: "button",
    textContent: "Copy",
  });
  button.setAttribute("aria-label", `Copy: ${text.dataset.copy}`);
  const status = document.createElement("span");
  status.className = "hidden";
  status.setAttribute("role", "status");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.write([buildItem(text)]);
      button.textContent = "Copied";
      status.textContent = `Copied: ${text.dataset.copy}`;
    } catch {
      // Where a browser forbids it, the text is there to be copied by hand.
      getSelection().selectAllChildren(text);
    }
  });
  text.after(button, status);
}

// With its italics, where it has any to be kept in a word processor.
function buildItem(text) {
  const forms = { "text/plain": text.textContent };
  if (text.localName !== "textarea") forms["text/html"] = text.innerHTML;
  return new ClipboardItem(
    Object.fromEntries(
      Object.entries(forms).map(([type, form]) => [type, new Blob([form], { type })]),
    ),
  );
}
