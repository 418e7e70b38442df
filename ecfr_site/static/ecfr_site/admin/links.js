/* Preview links beside an article: made and revoked without leaving the form, so that
   nothing typed there is lost; and copied. Without this the forms open another page. */
"use strict";

(() => {
  async function send(form) {
    const part = form.closest("[data-links]");
    const said = part.querySelector(".said");
    const button = form.querySelector("[type=submit]");
    if (button.disabled) return;
    button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = answer.ok && page.querySelector("[data-links]");
      if (!fresh) {
        said.textContent = answer.url.includes("/login/")
          ? "Your session has ended. Sign in in another tab, then try again."
          : "That did not work. Nothing was changed; try again.";
        return;
      }
      await new Promise((resolve) => { desk.afterPress(resolve); });
      part.replaceChildren(...document.adoptNode(fresh).childNodes);
      // The answer is a page of its own; beside the form, links open elsewhere.
      if (part.closest(".beside")) {
        for (const each of part.querySelectorAll("form, a")) each.target = "preview-links";
      }
      prepare(part);
      const made = part.querySelector(".new input");
      const wrong = part.querySelector(".errorlist");
      if (made) made.focus();
      else if (wrong) wrong.closest("form").querySelector("input:not([type=hidden])").focus();
      else part.querySelector(".said").textContent = "Revoked: it opens nothing any more.";
    } catch {
      said.textContent = "The site could not be reached. Nothing was changed.";
    } finally {
      button.disabled = false;
    }
  }

  async function copy(input, button) {
    input.select();
    try {
      await navigator.clipboard.writeText(input.value);
    } catch {
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  }

  function prepare(part) {
    for (const button of part.querySelectorAll("[data-copy]")) button.hidden = false;
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.closest("[data-links]")) return;
    event.preventDefault();
    send(form);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button.parentElement.querySelector("input"), button);
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-links] .address input")) event.target.select();
  });
  document.querySelectorAll("[data-links]").forEach(prepare);
})();
