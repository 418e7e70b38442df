/* Names the fields in the rows of a form by the headings of their columns, for screen
   readers and for phones, where a row is a card. */
"use strict";

(function () {
  function name(row) {
    const table = row.closest("table");
    for (const cell of row.querySelectorAll("td[class*='field-']")) {
      const column = cell.className.match(/field-(\w+)/)[1];
      const heading = table.querySelector(`th.column-${column}`);
      if (!heading) continue;
      cell.dataset.label = heading.textContent.trim();
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
