/* Enhances the article form; everything works without it. */
"use strict";

(function () {
  const form = document.getElementById("article_form");
  if (!form) return;

  /* The publish button says what will happen. */

  const box = document.querySelector(".publish-box");
  const publish = box && box.querySelector(".publish");
  const day = document.getElementById("id_published_at_0");
  const time = document.getElementById("id_published_at_1");

  function sayWhatPublishDoes() {
    const zone = box.dataset.timeZone;
    const wall = `${day.value} ${(time.value || "00:00").slice(0, 5)}`;
    const now = new Intl.DateTimeFormat("sv-SE", {
      timeZone: zone, dateStyle: "short", timeStyle: "short",
    }).format(new Date());
    if (!/^\d{4}-\d\d-\d\d \d\d:\d\d$/.test(wall) || wall <= now) {
      publish.textContent = "Publish now";
      return;
    }
    const moment = new Date(wall.replace(" ", "T") + "Z");
    const date = new Intl.DateTimeFormat("en-GB", {
      day: "numeric", month: "long", year: "numeric", timeZone: "UTC",
    }).format(moment);
    const zoneName = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeZoneName: "short" })
      .formatToParts(moment).find((part) => part.type === "timeZoneName").value;
    publish.textContent = `Schedule for ${date}, ${wall.slice(11)} ${zoneName}`;
  }

  if (publish && day && time) {
    // The calendar and clock set values without an event, so look now and then.
    sayWhatPublishDoes();
    setInterval(sayWhatPublishDoes, 500);
  }

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

  function rows() {
    return [...people.querySelectorAll("tr.form-row:not(.empty-form)")];
  }

  function number() {
    rows().forEach((row, place) => {
      const order = row.querySelector("input[name$='-order']");
      const author = row.querySelector("select[name$='-author']");
      if (order && author && author.value) order.value = place;
    });
  }

  function move(row, step) {
    const all = rows();
    const other = all[all.indexOf(row) + step];
    if (!other) return;
    if (step < 0) other.before(row); else other.after(row);
    number();
  }

  function addHandle(row) {
    const cell = row.querySelector(".field-order");
    if (!cell || cell.querySelector(".move-buttons")) return;
    const buttons = document.createElement("span");
    buttons.className = "move-buttons";
    for (const [label, sign, step] of [["Move up", "↑", -1], ["Move down", "↓", 1]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = sign;
      button.setAttribute("aria-label", label);
      button.addEventListener("click", () => { move(row, step); button.focus(); });
      buttons.append(button);
    }
    const handle = document.createElement("span");
    handle.className = "drag-handle";
    handle.draggable = true;
    handle.title = "Drag to change the order";
    handle.textContent = "⠿";
    handle.addEventListener("dragstart", (event) => {
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setDragImage(row, 0, 0);
      row.classList.add("dragged");
    });
    handle.addEventListener("dragend", () => { row.classList.remove("dragged"); number(); });
    row.addEventListener("dragover", (event) => {
      const dragged = people.querySelector("tr.dragged");
      if (!dragged || dragged === row) return;
      event.preventDefault();
      const half = row.getBoundingClientRect();
      if (event.clientY < half.top + half.height / 2) row.before(dragged);
      else row.after(dragged);
    });
    cell.prepend(handle, buttons);
  }

  if (people) {
    people.classList.add("ordered");
    rows().forEach(addHandle);
    document.addEventListener("formset:added", (event) => {
      if (people.contains(event.target)) addHandle(event.target);
    });
    // select2 tells jQuery only.
    const $ = window.django && window.django.jQuery;
    if ($) {
      $(people).on("change", "select[name$='-author']", function () {
        showPosition(this.closest("tr"));
        number();
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

  /* Leaving with unsaved changes asks first. */

  let changed = document.querySelector(".errornote") !== null;
  let saving = false;
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("change", () => { changed = true; });
  form.addEventListener("submit", () => { saving = true; });
  window.addEventListener("beforeunload", (event) => {
    const editors = window.CKEDITOR ? Object.values(window.CKEDITOR.instances) : [];
    if (!saving && (changed || editors.some((editor) => editor.checkDirty()))) {
      event.preventDefault();
    }
  });

  /* A closed part of the form opens when something in it is wrong. */

  document.querySelectorAll("details").forEach((details) => {
    if (details.querySelector(".errorlist")) details.open = true;
  });
})();
