/* Folds what an article of the chosen kind has no need of, as the server did for the kind
   that is stored. What holds something, lacks something, is wrong or was opened by hand
   stays open. */
"use strict";

(() => {
  const form = document.getElementById("article_form");
  const kind = form?.querySelector("select[name='kind']");
  if (!kind) return;

  const sections = [...form.querySelectorAll("fieldset.collapse > details")];
  const touched = new Set();

  function isChanged(field) {
    if (field.matches("[type='checkbox']")) return field.checked !== field.defaultChecked;
    if (!field.options) return field.value !== field.defaultValue;
    const given = [...field.options].find((option) => option.defaultSelected);
    return field.value !== (given ? given.value : "");
  }

  function mustBeSeen(section) {
    if (section.matches("[data-seen]")) return true;
    if (section.querySelector(".errorlist, :invalid")) return true;
    return [...section.querySelectorAll("input, select, textarea")].some(isChanged);
  }

  function fold() {
    const template = kind.selectedOptions[0]?.dataset.template;
    for (const section of sections) {
      const needed = section.closest("fieldset").classList.contains(`open-for-${template}`);
      if (needed || mustBeSeen(section)) section.open = true;
      else if (!touched.has(section)) section.open = false;
    }
  }

  for (const section of sections) {
    section.querySelector("summary").addEventListener("click", () => touched.add(section));
    // What a browser fills in again after a reload.
    if (mustBeSeen(section)) section.open = true;
  }
  kind.addEventListener("change", fold);
  if (isChanged(kind)) fold();
})();
