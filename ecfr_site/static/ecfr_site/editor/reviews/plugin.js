/* Leaves out of a pasted page what was never meant for readers: reviewers' comments, the
   deleted words of tracked changes, hidden text. */
(() => {
  "use strict";

  /* Marks of comments in the text; Word puts the words commented on in a link with the
     style mso-comment-reference, which stays. */
  const COMMENT_MARKS = `
    [class~="MsoCommentReference" i], [class~="msocomanchor" i],
    [class~="msocomoff" i], [style*="mso-special-character:comment" i],
    [style*="mso-special-character: comment" i],
    a[href*="#_msocom_"], a[id^="_anchor_"], a[id^="cmnt_ref"], a[href*="#cmnt"],
    a[id^="comment-ref-"], a[href*="#sdcomment"], .comment-end, .commentReference`;
  const COMMENT_TEXTS = `
    [class~="MsoCommentText" i], [class~="MsoCommentSubject" i],
    [class~="msocomtxt" i], [style*="mso-element:comment" i],
    [style*="mso-element: comment" i], [id^="_com_"], [id^="sdcomment"],
    [class*="sdcomment" i], .comment-start, [role="comment"]`;
  /* What stands at the beginning of a comment, and leads back to its mark. */
  const COMMENT_ANCHORS = `
    a[name^="_msocom_"], a[id^="_msocom_"], a[href*="#_msoanchor_"],
    a[href*="#cmnt_ref"], a[id^="cmnt"]:not([id^="cmnt_ref"]),
    a[href*="#comment-ref-"]`;
  const COMMENT_BLOCKS = "p, li, dd, dt, div";

  const DELETED_CLASS =
    /^(mso(del|movefrom)|ice-del|sd-?deletion|(paragraph-|table-)?deletion|ck-suggestion-marker-deletion|track(ed)?-?change\w*-?delet\w*|delet\w*-?track(ed)?-?change\w*|suggest(ion|ed)?[-_]?delet\w*|delet\w*[-_]suggestion)$/i;
  const TRACKED = "cite datetime data-author data-date data-change-id".split(" ");
  const OFFICE =
    /\bmso-|class=\W?Mso|schemas-microsoft-com|<meta[^>]*(LibreOffice|OpenOffice)/i;
  /* Editors on the web: data-track-change="delete", data-suggestion-…="deletion:7". */
  const CHANGE_DATA = /^data-.*(suggest|track|chang|revis|diff|operation)/;
  const DELETED_DATA = /^(delet|remov|del\b)/i;
  const HIDDEN =
    /(^|[\s;])(display\s*:\s*none|mso-hide\s*:\s*all|visibility\s*:\s*(hidden|collapse)|(font-size|opacity)\s*:\s*0+(\.0+)?(?![.\d]))/i;
  const isHidden = (element) =>
    element.hasAttribute("hidden") || HIDDEN.test(element.getAttribute("style") || "");
  /* Holds the MathML of a formula that is shown otherwise, and nothing else. */
  const isTwin = (element) =>
    element.querySelector("math")?.textContent.trim() === element.textContent.trim();

  /* Removes the elements, and counts those that say something. */
  const removeAll = (elements) => {
    const all = new Set(elements);
    const isInside = (element) => {
      for (let above = element.parentElement; above; above = above.parentElement)
        if (all.has(above)) return true;
      return false;
    };
    const outermost = [...all].filter((element) => !isInside(element));
    const count = outermost.filter((element) => element.textContent.trim()).length;
    outermost.forEach((element) => element.remove());
    return count;
  };

  /* The paragraph of a comment's own anchor, or the box around all its paragraphs. */
  const blockOf = (anchor) => {
    const block = anchor.closest(COMMENT_BLOCKS);
    if (!block || block.querySelector(COMMENT_MARKS_ONLY)) return null;
    const box = block.parentElement;
    const isBox =
      box.matches("div, dl") &&
      box.firstElementChild === block &&
      !box.querySelector(COMMENT_MARKS_ONLY) &&
      box.querySelectorAll(COMMENT_ANCHORS).length <= 2;
    return isBox ? box : block;
  };
  const COMMENT_MARKS_ONLY =
    'a[href*="#_msocom_"], a[id^="cmnt_ref"], a[id^="comment-ref-"]';

  const removeComments = (page) => {
    const texts = [...page.querySelectorAll(COMMENT_TEXTS)];
    const lists = page.querySelectorAll('[style*="comment-list" i]');
    for (const anchor of page.querySelectorAll(COMMENT_ANCHORS)) {
      if (!texts.some((text) => text.contains(anchor))) texts.push(blockOf(anchor));
    }
    const inList = texts.filter((text) => text && ![...lists].includes(text));
    const counted = removeAll(inList);
    const marks = removeAll(page.querySelectorAll(COMMENT_MARKS));
    removeAll(lists);
    return Math.max(counted, marks);
  };

  const isDeleted = (element, isTracked) =>
    [...element.classList].some((name) => DELETED_CLASS.test(name)) ||
    element.getAttribute("role") === "deletion" ||
    [...element.attributes].some(
      ({ name, value }) => CHANGE_DATA.test(name) && DELETED_DATA.test(value),
    ) ||
    (element.matches("del") &&
      (isTracked || TRACKED.some((name) => element.hasAttribute(name))));

  const removeDeletions = (page, html) => {
    const isTracked =
      OFFICE.test(html) || page.querySelector("ins[cite], ins[datetime], del[datetime]");
    const marked = [...page.querySelectorAll("*")];
    return (
      removeBetweenMarkers(page) +
      removeAll(marked.filter((element) => isDeleted(element, isTracked)))
    );
  };

  /* What CKEditor 5 has between two elements around a suggested deletion. */
  const removeBetweenMarkers = (page) => {
    const starts = page.querySelectorAll('suggestion-start[name^="deletion" i]');
    for (const start of starts) {
      const name = CSS.escape(start.getAttribute("name"));
      const end = page.querySelector(`suggestion-end[name="${name}"]`);
      if (!end) continue;
      const range = page.createRange();
      range.setStartAfter(start);
      range.setEndBefore(end);
      range.deleteContents();
    }
    return starts.length;
  };

  /* Google Docs puts suggestions into its HTML as if all were accepted and none; only its
     own format tells them apart: an entry for each character, the suggestions that begin
     or go on there, nothing where all stays as it was. */
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the format has such characters.
  const IGNORED = /[\s\u0000-\u001f\u200b\ufeff\ue000-\uf8ff]/;

  const suggestedDeletions = (clip) => {
    try {
      const { resolved } = JSON.parse(JSON.parse(clip).data);
      const changes = resolved.dsl_suggesteddeletions.sgsl_sugg;
      let open = false;
      return [...resolved.dsl_spacers.split("")].map((character, place) => {
        if (changes[place]) open = changes[place].length > 0;
        return { character, isDeleted: open };
      });
    } catch {
      return [];
    }
  };

  const removeSuggestions = (page, clip) => {
    const wanted = suggestedDeletions(clip);
    if (!wanted.some(({ isDeleted }) => isDeleted)) return { deletions: 0 };
    const said = wanted.filter(({ character }) => !IGNORED.test(character));
    const texts = [];
    const walker = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) texts.push(walker.currentNode);
    const shown = texts.flatMap((node) =>
      [...node.data.split("")]
        .map((character, place) => ({ character, node, place }))
        .filter(({ character }) => !IGNORED.test(character)),
    );
    const isSame =
      shown.length === said.length &&
      shown.every(({ character }, place) => character === said[place].character);
    if (!isSame) return { deletions: 0, suggestions: 1 };
    const starts = said.filter(
      ({ isDeleted }, place) => isDeleted && !said[place - 1]?.isDeleted,
    );
    for (let place = shown.length - 1; place >= 0; place--) {
      const { node, place: at } = shown[place];
      if (said[place].isDeleted) {
        const after = said[place + 1]?.isDeleted && shown[place + 1].node === node;
        node.deleteData(at, after ? shown[place + 1].place - at : 1);
        if (/\s/.test(node.data[at - 1] || "") && /\s/.test(node.data[at] || ""))
          node.deleteData(at, 1);
      }
    }
    return { deletions: starts.length };
  };

  CKEDITOR.plugins.add("reviews", {
    /* Takes them out of the document `page`, parsed from `html`; the numbers of each. */
    remove(page, html, clip = "") {
      const comments = removeComments(page);
      const suggested = clip ? removeSuggestions(page, clip) : { deletions: 0 };
      const deletions = removeDeletions(page, html) + suggested.deletions;
      const hidden = [...page.body.querySelectorAll("[hidden], [style]")].filter(
        (element) =>
          isHidden(element) && !element.closest("math") && !isTwin(element),
      );
      return { ...suggested, comments, deletions, hidden: removeAll(hidden) };
    },
  });
})();
