/* Finds the notes of a pasted page, and makes its links to places in it lead there.

   A note is one only if the reference looks like a mark and follows some text, the note
   comes after it, the two link to each other, and the note begins with its own mark or
   ends with the link back. All else is left as it is. */
(() => {
  "use strict";

  const MARK =
    /^[[({]?\s*(?:(?:note|fn|n|nb|ref)\.?\s*)?(?:\d{1,4}[a-z]?|[a-z]{1,2}|[ivxlc]{1,6}|[*∗†‡§¶‖#]{1,4}|[⁰¹²³⁴-⁹]{1,4})\s*[\])}]?[.:,;]?$/iu;
  const SIGN = /^[[({].*|^[*∗†‡§¶‖#⁰¹²³⁴-⁹]+$/u;
  const BACK =
    /^[^\p{L}\p{N}]*[↩↑↵⏎⤴⬆⇑↟⮌←^][^\p{L}]*$|^[^\p{L}]*(back|return|jump|zurück|retour|volver|torna)\b/iu;
  const BLOCKS =
    "p, li, dd, dt, td, th, caption, figcaption, blockquote, pre, div, aside, h1, h2, h3, h4, h5, h6, body";
  const NOTE = `li, dd, aside, [role="doc-footnote"], [role="doc-endnote"],
    div[id^="ftn"], div[id^="edn"], div[id^="sdfootnote"], div[id^="sdendnote"]`;
  /* What Word and LibreOffice put around notes, a rule above them included. */
  const NOTE_LISTS = '[style*="note-list"], [id^="sdfootnote"], [id^="sdendnote"]';

  const named = (page, name) => {
    if (!name) return null;
    const escaped = CSS.escape(name);
    return page.querySelector(`[id="${escaped}"], a[name="${escaped}"]`);
  };

  const fragmentOf = (link) => (link.getAttribute("href") || "").split("#")[1] || "";

  const target = (page, link) => {
    const fragment = fragmentOf(link);
    try {
      return named(page, fragment) || named(page, decodeURIComponent(fragment));
    } catch {
      return null;
    }
  };

  // biome-ignore lint/suspicious/noMisleadingCharacterClass: each is looked for alone.
  const textOf = (node) => node.textContent.replace(/[\s\u2060\ufe0e\ufe0f]+/g, " ").trim();
  const isMark = (link) => MARK.test(textOf(link));

  /* The text of the block before or after the node, without other links into the page. */
  const textBeside = (block, node, after) => {
    const range = block.ownerDocument.createRange();
    range.selectNodeContents(block);
    after ? range.setStartAfter(node) : range.setEndBefore(node);
    const beside = range.cloneContents();
    for (const link of beside.querySelectorAll('a[href*="#"]')) {
      if (isMark(link) || BACK.test(textOf(link))) link.remove();
    }
    return textOf(beside);
  };

  const RAISED = `sup, [style*="super"], [class~="MsoFootnoteReference" i],
    [class~="MsoEndnoteReference" i]`;

  const isRaised = (link) =>
    Boolean(link.closest(RAISED)) ||
    Boolean(link.querySelector(RAISED)) ||
    SIGN.test(textOf(link));

  const isAttached = (link) => {
    const before = link.previousSibling;
    /* A number in brackets is as often an equation's or a section's. */
    return before?.nodeType === Node.TEXT_NODE && /[^\s([{]$/.test(before.data);
  };

  /* One of several numbers in a row, as in a list of sections. */
  const isEnumerated = (link) =>
    ["previousSibling", "nextSibling"].some((side) => {
      let node = link[side];
      while (node?.nodeType === Node.TEXT_NODE && !/[\p{L}\p{N}]/u.test(node.data))
        node = node[side];
      return node?.matches?.('a[href*="#"]') && isMark(node);
    });

  const isReference = (link) => {
    if (!isMark(link)) return false;
    if (!isRaised(link) && !isAttached(link) && isEnumerated(link)) return false;
    const block = link.closest(BLOCKS);
    return /[\p{L}\p{N}]/u.test(textBeside(block, link, false));
  };

  /* The whole note: several paragraphs if they stand in a box of their own. */
  const blockOf = (place) => {
    const block = place.closest(`${NOTE}, p`) || place.closest(BLOCKS);
    if (!block || block.matches("body, h1, h2, h3, h4, h5, h6, td, th, caption"))
      return null;
    if (place.closest("h1, h2, h3, h4, h5, h6") || block.matches("div:not([id])"))
      return null;
    const box = block.parentElement;
    const isBox =
      block.matches("p") &&
      box.matches("div") &&
      box.firstElementChild === block &&
      [...box.children].every((child) => child.matches("p")) &&
      [...box.children].slice(1).every((child) => !child.querySelector('a[href*="#"]'));
    return isBox ? box : block;
  };

  const leadsTo = (page, link, reference) => {
    const there = target(page, link);
    return (
      there &&
      (there === reference ||
        reference.contains(there) ||
        (there.contains(reference) && textOf(there) === textOf(reference)))
    );
  };

  const linksIn = (block) =>
    [block, ...block.querySelectorAll("a")].filter((link) => link.matches("a[href]"));

  const isOwnMark = (block, back) =>
    (isMark(back) || BACK.test(textOf(back))) &&
    !/[\p{L}\p{N}]/u.test(textBeside(block, back, false));

  const isAtEnd = (block, back) =>
    (BACK.test(textOf(back)) || isMark(back)) &&
    !/[\p{L}\p{N}]/u.test(textBeside(block, back, true));

  const noteOf = (page, reference) => {
    const place = target(page, reference);
    const block = place && isReference(reference) && blockOf(place);
    if (!block || block.contains(reference)) return null;
    const order = reference.compareDocumentPosition(block);
    if (!(order & Node.DOCUMENT_POSITION_FOLLOWING)) return null;
    const isNote = linksIn(block)
      .filter((link) => leadsTo(page, link, reference))
      .some(
        (back) =>
          isOwnMark(block, back) ||
          (isAtEnd(block, back) &&
            (block.matches(NOTE) ||
              isRaised(reference) ||
              isAttached(reference) ||
              textOf(block).startsWith(textOf(reference)))),
      );
    return isNote ? { reference, block } : null;
  };

  /* The HTML of a note without its marks, its paragraphs one after the other. */
  const htmlOf = (page, { block, references }) => {
    const mark = textOf(references[0]);
    const copy = block.cloneNode(true);
    const originals = linksIn(block);
    const backs = originals.filter(
      (link) =>
        references.some((reference) => leadsTo(page, link, reference)) ||
        (BACK.test(textOf(link)) && fragmentOf(link)),
    );
    const places = backs.map((link) => originals.indexOf(link));
    const links = linksIn(copy);
    for (const place of places) {
      const link = links[place];
      const lone = link.closest("sup, b, .mw-cite-backlink");
      (lone && textOf(lone) === textOf(link) ? lone : link).remove();
    }
    for (const link of copy.querySelectorAll('a[href*="#"]')) {
      if (target(page, link) || /^#/.test(link.getAttribute("href")))
        link.replaceWith(...link.childNodes);
    }
    copy
      .querySelectorAll(".mw-cite-backlink, sup:empty")
      .forEach((rest) => /[\p{L}\p{N}]/u.test(textOf(rest)) || rest.remove());
    const html = copy.innerHTML.replace(/<\/?(p|div|li)\b[^>]*>/gi, " ").trim();
    const own = mark.replace(/[[\](){}.:,;\s]/g, "");
    const isMarked = textOf(copy).match(/^[[(]?([^\s\])]{1,4})[\]).:]+\s/)?.[1] === own;
    return isMarked ? html.replace(/^[[(]?[^\s\])]{1,4}[\]).:]+\s*/, "") : html;
  };

  const markOf = (reference) => reference.closest("sup") || reference;

  /* Removes what held nothing but the notes. */
  const removeEmptied = (parent) => {
    while (parent && !parent.matches("body, td, th")) {
      const above = parent.parentElement;
      if (textOf(parent) || parent.querySelector("img, math")) return;
      parent.remove();
      parent = above;
    }
  };

  const findNotes = (page) => {
    const notes = new Map();
    for (const reference of page.querySelectorAll('a[href*="#"]')) {
      const found = noteOf(page, reference);
      if (!found) continue;
      const note = notes.get(found.block) || { block: found.block, references: [] };
      note.references.push(found.reference);
      notes.set(found.block, note);
    }
    const all = [...notes.values()];
    /* A block that another note is part of belongs to that one. */
    return all.filter(
      ({ block }) =>
        !all.some((other) => other.block !== block && other.block.contains(block)),
    );
  };

  /* Further links to a note: a raised mark refers to it, too; words remain words. */
  const findFurther = (page, notes) => {
    for (const link of page.querySelectorAll('a[href*="#"]')) {
      const place = target(page, link);
      const note = place && notes.find(({ block }) => block.contains(place));
      if (!note || note.references.includes(link) || note.block.contains(link)) continue;
      if (isRaised(link) && isReference(link) && !isInNote(notes, link))
        note.references.push(link);
      else link.replaceWith(...link.childNodes);
    }
  };

  const isInNote = (notes, link) => notes.some(({ block }) => block.contains(link));

  const takeNotes = (page, add) => {
    const notes = findNotes(page);
    findFurther(page, notes);
    /* The last first: a note on a note comes after it, and goes into it in brackets. */
    for (const note of [...notes].reverse()) {
      note.html = htmlOf(page, note);
      for (const reference of note.references) {
        if (!isInNote(notes, reference)) continue;
        const inner = page.createElement("span");
        inner.innerHTML = ` [${note.html}]`;
        markOf(reference).replaceWith(inner);
      }
    }
    for (const { block, html, references } of notes) {
      const home = block.parentElement;
      block.remove();
      for (const reference of references) {
        if (page.body.contains(reference)) markOf(reference).replaceWith(add(html));
      }
      removeEmptied(home);
    }
    page
      .querySelectorAll(NOTE_LISTS)
      .forEach((list) => list.textContent.trim() || list.remove());
    while (notes.length && page.body.lastElementChild?.matches("hr, br"))
      page.body.lastElementChild.remove();
  };

  /* Links into the page lead to an anchor, which the editor shows, even where the browser
     has written the page's address into them. */
  const setPlaces = (page) => {
    for (const link of page.querySelectorAll('a[href*="#"]')) {
      const place = target(page, link);
      if (!place) continue;
      const name = place.id || place.getAttribute("name");
      link.setAttribute("href", `#${name}`);
      if (!place.matches("a:not([href])") && !place.querySelector(":scope > a[name]")) {
        const anchor = page.createElement("a");
        anchor.setAttribute("name", name);
        anchor.id = name;
        place.removeAttribute("id");
        const holder = place.closest("ul, ol, table, tbody, tr, hr, img, a");
        const cell = holder?.querySelector?.("li, th, td");
        if (cell) cell.prepend(anchor);
        else holder ? holder.before(anchor) : place.prepend(anchor);
      } else if (!place.hasAttribute("name")) {
        place.setAttribute("name", name);
      }
    }
  };

  CKEDITOR.plugins.add("notes", {
    /* Takes the notes out of the document; `add` is given the HTML of each, and gives
       what shall stand in place of its mark. */
    take(page, add) {
      takeNotes(page, add);
      setPlaces(page);
    },
  });
})();
