/* Takes the reader of the checklist to what it is about, also within the editor's text,
   which is a document of its own. Without it the links lead to the fields. */
"use strict";

(() => {
  const BLOCKS = "p, h2, h3, li, td, th, figcaption, caption, figure, table";

  function plain(text) {
    return text.replace(/[\s\u00a0\u200b]+/g, " ").trim();
  }

  function words(block) {
    const copy = block.cloneNode(true);
    copy.querySelectorAll(".footnote").forEach((note) => note.remove());
    return plain(copy.textContent);
  }

  function find(editor, passage) {
    const blocks = [...editor.document.$.querySelectorAll(BLOCKS)];
    return blocks.find((block) => words(block).startsWith(plain(passage)));
  }

  function mark(element, document) {
    document.querySelectorAll(".sent-here").forEach((old) => old.classList.remove("sent-here"));
    element.classList.add("sent-here");
    setTimeout(() => element.classList.remove("sent-here"), 4000);
  }

  function select(editor, block) {
    const range = editor.createRange();
    range.selectNodeContents(new window.CKEDITOR.dom.element(block));
    editor.focus();
    range.select();
    block.scrollIntoView({ block: "center" });
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest(".findings a[href^='#'], .error-summary a[href^='#']");
    if (!link) return;
    const id = link.hash.slice(1);
    const target = document.getElementById(id);
    const editor = window.CKEDITOR?.instances[id];
    if (!target) return;
    event.preventDefault();
    target.closest("details:not([open])")?.setAttribute("open", "");
    if (editor) {
      document.getElementById(`cke_${id}`).scrollIntoView({ block: "center" });
      const passage = link.dataset.passage;
      const block = passage && find(editor, passage);
      if (block) select(editor, block); else editor.focus();
      return;
    }
    const row = target.closest(".form-row:not(tr), .inline-group") || target;
    row.scrollIntoView({ block: "center" });
    // A select2 stands in for its field.
    const shown = target.matches(".select2-hidden-accessible")
      ? row.querySelector(".select2-search__field, .select2-selection")
      : target.matches("input, select, textarea") ? target
        : target.querySelector("input:not([type='hidden']), .select2-selection, textarea");
    (shown || target).focus({ preventScroll: true });
    mark(row, document);
  });
})();
