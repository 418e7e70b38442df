/* What authors send: headings of any level become ours, and the footnotes of a Word or
   LibreOffice document become footnotes of the text when it is pasted. */
(() => {
  "use strict";

  /* What Word and LibreOffice put around notes, a rule above them included. */
  const NOTE_LISTS = '[style*="note-list"], [id^="sdfootnote"], [id^="sdendnote"]';
  const NOTE =
    'li, div[id^="ftn"], div[id^="edn"], div[id^="sdfootnote"], div[id^="sdendnote"]';
  const HEADINGS = "h1, h2, h3, h4, h5, h6";

  const rename = (element, name) => {
    const renamed = element.ownerDocument.createElement(name);
    for (const { name: key, value } of element.attributes)
      renamed.setAttribute(key, value);
    renamed.append(...element.childNodes);
    element.replaceWith(renamed);
  };

  /* As the server does: where there are several h1, all levels move one down. */
  const setHeadingLevels = (page) => {
    const down = page.querySelectorAll("h1").length > 1 ? 1 : 0;
    for (const heading of page.querySelectorAll(HEADINGS)) {
      const level = Math.min(Math.max(Number(heading.tagName[1]) + down, 2), 3);
      rename(heading, `h${level}`);
    }
  };

  const named = (page, name) =>
    name &&
    page.querySelector(`[id="${CSS.escape(name)}"], a[name="${CSS.escape(name)}"]`);

  const target = (page, link) =>
    named(page, (link.getAttribute("href") || "").split("#")[1]);

  /* A reference and its note link to each other; the note's mark stands in the block
     that holds the note. */
  const noteOf = (page, reference) => {
    const mark = target(page, reference);
    const block = mark && (mark.closest(NOTE) || mark.closest("p"));
    if (!block || block.contains(reference)) return null;
    const back = [block, ...block.querySelectorAll("a")].find((link) => {
      const there = link.matches("a[href]") && target(page, link);
      return (
        there &&
        (there === reference || there.contains(reference) || reference.contains(there))
      );
    });
    return back ? { block, back } : null;
  };

  /* Takes the notes out of the page: the HTML of each, and the mark that refers to it. */
  const takeNotes = (page) => {
    const found = [];
    for (const reference of page.querySelectorAll('a[href*="#"]')) {
      const note = noteOf(page, reference);
      if (note && !found.some(({ block }) => block.contains(reference))) {
        found.push({ reference, ...note });
      }
    }
    return found.map(({ reference, block, back }) => {
      back.remove();
      const html = block.innerHTML.replace(/<\/?(p|div|li)\b[^>]*>/gi, " ").trim();
      block.remove();
      return { mark: reference.closest("sup") || reference, html };
    });
  };

  /* Leaves a token for each note, since no paste filter would let the notes through. */
  const prepared = (html, notes) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    setHeadingLevels(page);
    for (const { mark, html: note } of takeNotes(page)) {
      mark.replaceWith(`⟦note ${notes.push(note) - 1}⟧`);
    }
    page
      .querySelectorAll(NOTE_LISTS)
      .forEach((list) => list.textContent.trim() || list.remove());
    return /<html/i.test(html)
      ? `<html>${page.head.outerHTML}${page.body.outerHTML}</html>`
      : page.body.innerHTML;
  };

  const needsWork = (html) => /<h[1-6][\s>]|<a[^>]+#/i.test(html);

  const withNotes = (html, notes) =>
    html.replace(
      /⟦note (\d+)⟧/g,
      (token, place) => `<span class="footnote">${notes[place] || ""}</span>`,
    );

  CKEDITOR.plugins.add("manuscript", {
    requires: "clipboard",

    init(editor) {
      const notes = [];
      const prepare = ({ data }) => {
        if (needsWork(data.dataValue)) data.dataValue = prepared(data.dataValue, notes);
      };

      /* Before the filters for word processors, which come third; within Word's, which
         reads the clipboard itself; and last, when all filters are through. */
      editor.on("paste", prepare, null, null, 1);
      editor.on("pasteFromWord", prepare);
      const restore = ({ data }) => {
        data.dataValue = withNotes(data.dataValue, notes);
      };
      editor.on("paste", restore, null, null, 900);
    },
  });
})();
