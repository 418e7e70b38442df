/* What the forms of articles and editions share; everything works without it. */
"use strict";

Object.assign(window.desk, (() => {
  /* The words of a button that does something at the day and time of two fields: as the
     server reads them. `show` gets its answer, or null as long as that is awaited. */

  function followMoment(address, day, time, stored, show) {
    let known = JSON.stringify([day.value, time.value]);
    let asked = 0;
    let timer = null;

    async function ask() {
      asked += 1;
      const number = asked;
      const query = new URLSearchParams({ day: day.value, time: time.value, stored });
      let answer = null;
      try {
        const response = await fetch(`${address}?${query}`, { redirect: "error" });
        if (response.ok) answer = await response.json();
      } catch { /* no connection */ }
      if (number !== asked) return;
      desk.afterPress(() => { if (number === asked) show(answer); });
      const wait = answer === null ? 5 : answer.seconds;
      clearTimeout(timer);
      if (wait > 0 && wait < 86400) timer = setTimeout(ask, wait * 1000 + 500);
    }

    function look() {
      const values = JSON.stringify([day.value, time.value]);
      if (values === known) return;
      known = values;
      asked += 1;
      desk.afterPress(() => show(null));
      clearTimeout(timer);
      timer = setTimeout(ask, 200);
    }

    // The calendar and clock set values without an event, so look now and then.
    for (const field of [day, time]) field.addEventListener("input", look);
    setInterval(look, 300);
    ask();
  }

  /* Wide enough for all that a button may say, so that it and those beside it stay where
     they are. */

  function reserve(button, sayings) {
    const said = button.textContent;
    let [width, height] = [0, 0];
    button.style.minWidth = button.style.minHeight = "";
    for (const saying of sayings) {
      button.textContent = saying;
      width = Math.max(width, button.offsetWidth);
      height = Math.max(height, button.offsetHeight);
    }
    button.textContent = said;
    button.style.minWidth = `min(100%, ${width}px)`;
    button.style.minHeight = `${height}px`;
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
        if (order && field?.value) order.value = place;
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
    const $ = window.django?.jQuery;
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

  return { followMoment, reserve, order, guard };
})());
