/* What the forms of articles and editions share; everything works without it. */
"use strict";

window.desk = (function () {
  /* A wall clock's day and time in words, or null if it is past or none at all. */

  function moment(zone, day, time) {
    const wall = `${day} ${(time || "00:00").slice(0, 5)}`;
    const now = new Intl.DateTimeFormat("sv-SE", {
      timeZone: zone, dateStyle: "short", timeStyle: "short",
    }).format(new Date());
    if (!/^\d{4}-\d\d-\d\d \d\d:\d\d$/.test(wall) || wall <= now) return null;
    const moment = new Date(wall.replace(" ", "T") + "Z");
    const date = new Intl.DateTimeFormat("en-GB", {
      day: "numeric", month: "long", year: "numeric", timeZone: "UTC",
    }).format(moment);
    const zoneName = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeZoneName: "short" })
      .formatToParts(moment).find((part) => part.type === "timeZoneName").value;
    return `${date}, ${wall.slice(11)} ${zoneName}`;
  }

  /* Rows that are dragged, or moved by arrows; `chosen` names the field that makes a
     row count. */

  function order(group, chosen) {
    function rows() {
      return [...group.querySelectorAll("tr.form-row:not(.empty-form)")];
    }

    function number() {
      rows().forEach((row, place) => {
        const order = row.querySelector("input[name$='-order']");
        const field = row.querySelector(`[name$='-${chosen}']`);
        if (order && field && field.value) order.value = place;
      });
    }

    function moved() {
      number();
      group.dispatchEvent(new Event("change", { bubbles: true }));
    }

    function move(row, step) {
      const all = rows();
      const other = all[all.indexOf(row) + step];
      if (!other) return;
      if (step < 0) other.before(row); else other.after(row);
      moved();
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
      handle.addEventListener("dragend", () => { row.classList.remove("dragged"); moved(); });
      row.addEventListener("dragover", (event) => {
        const dragged = group.querySelector("tr.dragged");
        if (!dragged || dragged === row) return;
        event.preventDefault();
        const half = row.getBoundingClientRect();
        if (event.clientY < half.top + half.height / 2) row.before(dragged);
        else row.after(dragged);
      });
      cell.prepend(handle, buttons);
    }

    group.classList.add("ordered");
    rows().forEach(addHandle);
    document.addEventListener("formset:added", (event) => {
      if (group.contains(event.target)) addHandle(event.target);
    });
    // select2 tells jQuery only.
    const $ = window.django && window.django.jQuery;
    if ($) $(group).on("change", `select[name$='-${chosen}']`, number);
    return { rows };
  }

  /* Leaving with unsaved changes asks first. */

  function guard(form) {
    let changed = document.querySelector(".errornote") !== null;
    let saving = false;
    form.addEventListener("input", () => { changed = true; });
    form.addEventListener("change", () => { changed = true; });
    form.addEventListener("submit", () => { saving = true; });

    function isChanged() {
      const editors = window.CKEDITOR ? Object.values(window.CKEDITOR.instances) : [];
      return changed || editors.some((editor) => editor.checkDirty());
    }

    window.addEventListener("beforeunload", (event) => {
      if (!saving && isChanged()) event.preventDefault();
    });
    return isChanged;
  }

  /* A closed part of the form opens when something in it is wrong or asked for. */

  document.querySelectorAll("details").forEach((details) => {
    const asked = location.hash && details.querySelector(location.hash);
    if (details.querySelector(".errorlist") || asked) details.open = true;
  });

  return { moment, order, guard };
})();
