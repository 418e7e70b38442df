/* Enhances the article form, with form.js; everything works without it. */
"use strict";

(() => {
  const form = document.getElementById("article_form");
  if (!form) return;

  const box = document.querySelector(".publish-box");
  const day = document.getElementById("id_published_at_0");

  /* People: the position on the day, and their order. */

  const people = document.getElementById("bylines-group");

  async function showPosition(row) {
    const author = row.querySelector("select[name$='-author']");
    const shown = row.querySelector(".field-shown_position p, .field-shown_position");
    if (!author || !shown) return;
    if (!author.value) { shown.textContent = ""; return; }
    const query = new URLSearchParams({ author: author.value, day: day ? day.value : "" });
    const answer = await fetch(`${box.dataset.positions}?${query}`);
    // After the end of the session the answer is the page for signing in.
    if (!answer.ok || answer.redirected) return;
    shown.textContent = (await answer.json()).position;
  }

  if (people) {
    const { rows } = desk.order(people, "author");
    const $ = window.django?.jQuery;
    if ($) {
      $(people).on("change", "select[name$='-author']", function () {
        showPosition(this.closest("tr"));
      });
    }
    if (day) {
      let known = day.value;
      setInterval(() => {
        if (day.value === known) return;
        known = day.value;
        rows().forEach(showPosition);
      }, 700);
    }
  }

  desk.guard(form);
})();
