/* On every page of the desk: no press of a button is lost, clocks have 24 hours, and the
   fields in the rows of a form are named by the headings of their columns, for screen
   readers and for phones, where a row is a card. */
"use strict";

window.desk = (() => {
  /* Nothing moves or changes while a button of the mouse is down, or the press would end
     on something else than it began on. */

  let pressed = false;
  let waiting = [];

  function afterPress(change) {
    if (pressed) waiting.push(change); else change();
  }

  function release() {
    pressed = false;
    const changes = waiting;
    waiting = [];
    changes.forEach((change) => change());
  }

  window.addEventListener("pointerdown", () => { pressed = true; }, true);
  // After the click that it makes.
  for (const end of ["pointerup", "pointercancel", "dragend"]) {
    window.addEventListener(end, () => setTimeout(release), true);
  }
  // Let go over something that does not tell, as the list of a select.
  window.addEventListener("pointermove", (event) => {
    if (pressed && !event.buttons) release();
  }, true);
  // The window's own: that of a field comes while the button is down.
  window.addEventListener("blur", () => setTimeout(release));

  /* A form that is on its way is not sent a second time, as by a double click. */

  const PATIENCE = 5000;
  const sent = new WeakMap();

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.target) return;
    if (performance.now() - (sent.get(form) ?? -PATIENCE) < PATIENCE) event.preventDefault();
    else sent.set(form, performance.now());
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) sent.delete(form);
  });

  /* The zone stands by the fields; Django's warning would not say which it means. */

  if (window.DateTimeShortcuts) {
    window.DateTimeShortcuts.addTimezoneWarning = () => {};
    window.DateTimeShortcuts.clockHours.default_ = [
      ["Now", -1], ["00:00", 0], ["06:00", 6], ["12:00", 12], ["18:00", 18],
    ];
  }

  /* An address that the browser made from the name is marked as such: should another
     page have it, the server chooses the next. */

  document.addEventListener("formdata", ({ target, formData }) => {
    const slug = target.elements.slug;
    const isMade = slug && window.django?.jQuery?.(slug).data("_changed") === false;
    if (isMade && !slug.defaultValue) formData.set("_made_slug", slug.value);
  });

  return { afterPress };
})();


/* “Add another person”: Django has a capital there. Before it makes the links of this. */
for (const group of document.querySelectorAll("[data-inline-formset]")) {
  const formset = JSON.parse(group.dataset.inlineFormset);
  const words = formset.options.addText;
  formset.options.addText = words.replace(/ \p{Lu}(?=\p{Ll})/u, (first) => first.toLowerCase());
  group.dataset.inlineFormset = JSON.stringify(formset);
}


(() => {
  function name(row) {
    const table = row.closest("table");
    for (const cell of row.querySelectorAll("td[class*='field-']")) {
      const column = cell.className.match(/field-(\w+)/)[1];
      const heading = table.querySelector(`th.column-${column}`);
      if (!heading) continue;
      cell.dataset.label = (heading.querySelector(".text") ?? heading).textContent.trim();
      // A number or a tick says nothing by itself.
      cell.classList.toggle("bare", !/\p{L}/u.test(cell.textContent));
      label(cell, cell.dataset.label);
    }
    const remove = row.querySelector("td.delete input");
    if (remove && !remove.labels.length) remove.setAttribute("aria-label", "Delete this row");
  }

  function label(part, text) {
    const fields = part.querySelectorAll(
      "input:not([type='hidden']), select, textarea, " +
        ".select2-selection--single, .select2-selection--single [role='textbox']",
    );
    for (const field of fields) {
      if (!field.labels?.length) field.setAttribute("aria-label", text);
    }
  }

  function nameAll() {
    document.querySelectorAll(".tabular tr.form-row, #result_list tr").forEach(name);
    document.querySelectorAll(".aligned .select2, p.datetime").forEach((widget) => {
      const heading = widget.closest(".form-row > div").querySelector("label, legend");
      if (heading) label(widget, heading.textContent.replace(":", "").trim());
    });
  }

  // After the widgets have been put in place of plain fields: jQuery does so when it is
  // ready, which may be later than this.
  window.addEventListener("load", () => {
    if (window.django?.jQuery) window.django.jQuery(nameAll);
    else nameAll();
  });
  document.addEventListener("formset:added", (event) => {
    if (event.target.closest(".tabular")) setTimeout(() => name(event.target));
  });
})();
