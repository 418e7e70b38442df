/* Enhances the pages of editions and welcome mails, with form.js; everything works without it. */
"use strict";

(() => {
  const form = document.querySelector("#edition_form, #welcomemail_form");
  if (!form) return;

  const isChanged = form.querySelector("[name=_save]") ? desk.guard(form) : () => false;

  /* The subject and the preheader: their length, and how an inbox shows them. */

  for (const [id, most] of [["id_subject", 60], ["id_preheader", 100]]) {
    const field = document.getElementById(id);
    if (!field) continue;
    const count = document.createElement("div");
    count.className = "count";
    const shown = document.querySelector(`[data-shows="${id}"]`);
    const empty = id === "id_subject" ? "No subject yet" : "";
    const tell = () => {
      const { length } = field.value;
      count.textContent = `${length} characters; phones show about ${most}`;
      count.classList.toggle("too-many", length > most);
      if (shown) shown.textContent = field.value || empty;
    };
    field.after(count);
    field.addEventListener("input", tell);
    tell();
  }

  /* The pieces, in the editor's order. */

  const pieces = document.getElementById("items-group");
  if (pieces) desk.order(pieces, "article");

  /* The preview: its width, in which form, and with what is not saved yet. */

  const preview = document.querySelector(".preview");
  if (preview) {
    const frame = preview.querySelector("iframe");
    const stale = preview.querySelector(".preview-stale");
    const chosen = (name) => preview.querySelector(`[name=${name}]:checked`).value;
    preview.querySelector(".preview-switches").hidden = false;

    async function showTyped(address) {
      const editors = window.CKEDITOR ? Object.values(window.CKEDITOR.instances) : [];
      for (const editor of editors) editor.updateElement();
      const sent = { method: "POST", body: new FormData(form) };
      const answer = await fetch(address, sent).catch(() => null);
      // After the end of the session the answer is the page for signing in.
      if (!answer?.ok || answer.redirected) return;
      const text = document.createElement("pre");
      const content = await answer.text();
      text.textContent = content;
      const isText = answer.headers.get("Content-Type").startsWith("text/plain");
      frame.srcdoc = isText ? text.outerHTML : content;
    }

    function show() {
      const address = `${preview.dataset.preview}?${chosen("_shown")}`;
      if (isChanged()) showTyped(address);
      else if (frame.getAttribute("src") !== address) frame.src = address;
    }

    // Looking at it otherwise is no change of the form.
    preview.addEventListener("input", (event) => event.stopPropagation());
    preview.addEventListener("change", (event) => {
      event.stopPropagation();
      preview.classList.toggle("phone", chosen("_width") === "phone");
      if (event.target.name === "_shown") show();
    });
    stale.addEventListener("click", show);
    // It keeps its place, or the buttons below would move under the pointer.
    const look = () => { stale.style.visibility = isChanged() ? "" : "hidden"; };
    stale.hidden = false;
    look();
    setInterval(look, 700);
  }

  /* The button for the schedule says when. */

  const schedule = document.querySelector("[data-when]");
  if (schedule) {
    const [day, time] = schedule.parentElement.querySelectorAll("input");
    const words = schedule.textContent.trim();
    const problem = document.createElement("span");
    problem.className = "moment-problem";
    problem.setAttribute("role", "status");
    schedule.parentElement.append(problem);
    desk.reserve(schedule, [words, "Schedule for 30 September 2026, 00:00 CEST…"]);
    desk.followMoment(schedule.dataset.when, day, time, "", (answer) => {
      const isPast = Boolean(answer) && answer.seconds <= 0;
      const waits = Boolean(answer) && answer.seconds > 0;
      schedule.textContent = waits ? `Schedule for ${answer.words}…` : words;
      schedule.disabled = isPast || Boolean(answer?.error);
      problem.textContent = isPast
        ? `${answer.words} is past. Choose a later time.`
        : answer?.error || "";
    });
  }

  /* While it is sent, the numbers follow. */

  const progress = document.querySelector("[data-progress]");
  async function follow() {
    const answer = await fetch(progress.dataset.progress).catch(() => null);
    // After the end of the session the answer is the page for signing in.
    if (!answer?.ok || answer.redirected) return;
    const text = await answer.text();
    desk.afterPress(() => {
      progress.innerHTML = text;
      const { state } = progress.querySelector("[data-state]").dataset;
      if (state !== progress.dataset.state) location.reload();
    });
  }
  if (progress) setInterval(follow, 4000);
})();
