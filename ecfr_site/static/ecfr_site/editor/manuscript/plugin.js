/* Text that authors send: prepared before the editor's own filters see it, so that it
   arrives as it was meant. One message says what did not come along. */
(() => {
  "use strict";

  const HEADINGS = "h1, h2, h3, h4, h5, h6";
  const BLOCKS =
    "p, div, li, ul, ol, table, tr, td, th, blockquote, pre, section, article, dl, dt, dd, figure, figcaption, address, hr, h1, h2, h3, h4, h5, h6";
  /* Elements that hold others only, and no words. */
  const FRAMES = "table, thead, tbody, tfoot, tr, ul, ol";
  const DOCS_CLIP = "application/x-vnd.google-docs-document-slice-clip+wrapped";
  const IMAGE =
    /^(https?:|\/(?!\/)|\/\/|data:image\/(jpeg|png|gif|webp|avif);base64,)/i;
  const EMBEDDED = "iframe, video, audio, object, embed, canvas";

  /* The declarations of style sheets by which a class changes what a text says: Excel
     strikes out and Word hides by class, and the sheet does not come along. */
  const MEANINGS = {
    "text-decoration-line": /line-through/,
    display: /none/,
    visibility: /hidden|collapse/,
    "vertical-align": /super|sub/,
    "white-space": /pre|break-spaces/,
    "white-space-collapse": /preserve|break-spaces/,
    "list-style-type": /alpha|latin|roman/,
  };

  const rulesOf = (page) => {
    const sheet = new CSSStyleSheet();
    const sources = [...page.querySelectorAll("style")].map(
      (element) => element.textContent,
    );
    sheet.replaceSync(sources.join("\n").replace(/<!--|-->/g, ""));
    /* Without those for print and other readers. */
    return [...sheet.cssRules].filter((rule) => rule instanceof CSSStyleRule);
  };

  const matching = (page, selector) => {
    try {
      return page.body.querySelectorAll(selector);
    } catch {
      return [];
    }
  };

  /* The last rule of several counts, and what an element says itself before all. */
  const applyStyleSheets = (page) => {
    const decided = Object.fromEntries(
      Object.keys(MEANINGS).map((name) => [name, new Set()]),
    );
    for (const { style, selectorText } of rulesOf(page).reverse()) {
      const said = Object.keys(MEANINGS).filter((name) => style.getPropertyValue(name));
      for (const element of said.length ? matching(page, selectorText) : []) {
        for (const name of said) {
          const value = style.getPropertyValue(name);
          const isFree = !decided[name].has(element) && !element.style.getPropertyValue(name);
          decided[name].add(element);
          if (isFree && MEANINGS[name].test(value)) element.style.setProperty(name, value);
        }
      }
    }
  };

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

  const RAISED = {
    "vertical-align:super": "sup",
    "vertical-align: super": "sup",
    "vertical-align:sub;": "sub",
    "vertical-align: sub;": "sub",
  };

  /* Struck-out words stay struck out; bold and italics that are switched off are none;
     a list in a list belongs to the item before. */
  const setElements = (page) => {
    page.querySelectorAll("del, strike").forEach((element) => rename(element, "s"));
    for (const frame of page.querySelectorAll(`:is(${FRAMES})[style*="line-through" i]`)) {
      for (const cell of frame.querySelectorAll("td, th, caption, li"))
        cell.style.textDecorationLine = "line-through";
    }
    for (const element of page.querySelectorAll('[style*="line-through" i]')) {
      if (element.closest("s") || element.matches(FRAMES)) continue;
      const struck = page.createElement("s");
      struck.append(...element.childNodes);
      element.append(struck);
    }
    for (const [sign, name] of Object.entries(RAISED)) {
      for (const element of page.querySelectorAll(`:is(span, font)[style*="${sign}" i]`)) {
        const raised = page.createElement(name);
        raised.append(...element.childNodes);
        element.append(raised);
      }
    }
    page
      .querySelectorAll('a:not([href], [name], [id])')
      .forEach((element) => element.replaceWith(...element.childNodes));
    page
      .querySelectorAll('b[style*="font-weight:normal" i], b[id^="docs-internal-guid"]')
      .forEach((element) => element.replaceWith(...element.childNodes));
    page
      .querySelectorAll('[id^="docs-internal-guid"]')
      .forEach((element) => element.removeAttribute("id"));
    for (const list of page.querySelectorAll("ul > ul, ul > ol, ol > ul, ol > ol")) {
      if (list.previousElementSibling?.matches("li"))
        list.previousElementSibling.append(list);
    }
  };

  const KEEPS_LINES =
    /white-space(-collapse)?:\s*(pre|preserve|break-spaces)/i;
  const LOSES_LINES = /white-space(-collapse)?:\s*(normal|nowrap|collapse|initial)/i;

  const keepsLines = (node) => {
    for (let above = node.parentElement; above; above = above.parentElement) {
      const style = above.getAttribute("style") || "";
      if (KEEPS_LINES.test(style)) return true;
      if (LOSES_LINES.test(style)) return false;
      if (above.matches("pre, listing, textarea")) return true;
    }
    return false;
  };

  /* Lines of verse, of letterheads and of code are lines by their white space alone. */
  const breakLines = (page) => {
    const walker = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const text of texts) {
      if (!/\n| {2}/.test(text.data) || !keepsLines(text)) continue;
      const isBetween = !text.data.trim() && text.parentElement.querySelector(BLOCKS);
      if (isBetween) continue;
      const isLast = !text.nextSibling && text.parentElement.matches(BLOCKS);
      const lines = (isLast ? text.data.replace(/\n$/, "") : text.data).split(/\r?\n/);
      text.replaceWith(
        ...lines.flatMap((line, place) => [
          ...(place ? [page.createElement("br")] : []),
          line.replace(/ {2}/g, "\u00a0 ").replace(/^ /, "\u00a0"),
        ]),
      );
    }
    page.querySelectorAll("pre, listing").forEach((element) => rename(element, "p"));
    /* The breaks say it now; the editor's own line ends must not say it again. */
    for (const element of page.querySelectorAll('[style*="white-space" i]')) {
      for (const property of ["white-space", "white-space-collapse"])
        element.style.removeProperty(property);
    }
  };

  /* The filter for Word takes the first word of an item without a drawn sign for one, and
     fails at a list without a level. */
  const setWordLists = (page) => {
    for (const item of page.querySelectorAll('[style*="mso-list:" i]')) {
      const style = item.getAttribute("style");
      const [list] = style.match(/mso-list:[^;]*/i);
      if (/ignore|none|skip/i.test(list)) continue;
      const hasSign = item.querySelector('[style*="mso-list:ignore" i]');
      const repaired = /level\d/i.test(list) ? list : `${list} level1`;
      item.setAttribute("style", style.replace(list, hasSign ? repaired : ""));
    }
  };

  const LIST_TYPES = {
    "lower-alpha": "a",
    "lower-latin": "a",
    "upper-alpha": "A",
    "upper-latin": "A",
    "lower-roman": "i",
    "upper-roman": "I",
  };

  const setListTypes = (page) => {
    for (const list of page.querySelectorAll("ol:not([type])")) {
      const styles = [list, list.querySelector(":scope > li")].map(
        (element) => element?.getAttribute("style") || "",
      );
      const named = styles.join(";").match(/list-style(?:-type)?:\s*([a-z-]+)/i);
      const type = named && LIST_TYPES[named[1].toLowerCase()];
      if (type) list.type = type;
    }
  };

  /* Removes what the browser cannot reach, and counts it. */
  const removeUnreachable = (page, left) => {
    for (const image of page.querySelectorAll("img")) {
      const lazy = image.dataset.src || image.dataset.lazySrc || "";
      if (/^https?:/i.test(lazy)) image.setAttribute("src", lazy);
      const isPoint = [image.getAttribute("width"), image.getAttribute("height")].every(
        (size) => size === "1" || size === "0",
      );
      if (IMAGE.test((image.getAttribute("src") || "").trim()) && !isPoint) continue;
      if (!isPoint) left.images += 1;
      const home = image.closest("figure, p");
      image.remove();
      if (home && !home.textContent.trim() && !home.querySelector("img")) home.remove();
    }
    for (const element of page.querySelectorAll(EMBEDDED)) {
      if (!page.contains(element)) continue;
      left.embedded += 1;
      element.remove();
    }
  };

  const parse = (html) => new DOMParser().parseFromString(html, "text/html");

  const write = (page, html) =>
    /<html|<meta|<style/i.test(html)
      ? `<html>${page.head.outerHTML}${page.body.outerHTML}</html>`
      : page.body.innerHTML;

  const plugin = (name) => CKEDITOR.plugins.get(name);

  /* The paste's own record: its notes, for which tokens stand meanwhile since no paste
     filter would let them through, and the numbers of what is left out. */
  const begin = (data) => {
    data.manuscript = { notes: [], left: { images: 0, embedded: 0, formulas: 0 } };
    return data.manuscript;
  };

  const isOurs = (data, editor) =>
    data.dataTransfer?.getTransferType(editor) !== CKEDITOR.DATA_TRANSFER_EXTERNAL;

  /* MathML as HTML has it, whatever prefix XML gave its elements. */
  const withoutPrefix = (html) => {
    const prefix = html.match(/<([a-z]{1,8}):math\b/i)?.[1];
    return prefix ? html.replace(new RegExp(`<(/?)${prefix}:`, "gi"), "<$1") : html;
  };

  const prepare = (data) => {
    const { notes, left } = begin(data);
    const transfer = data.dataTransfer;
    const html = withoutPrefix(transfer.getData("text/html", true) || data.dataValue);
    const page = parse(html);
    applyStyleSheets(page);
    left.formulas = plugin("formulas").keep(page);
    Object.assign(left, plugin("reviews").remove(page, html, transfer.getData(DOCS_CLIP)));
    plugin("notes").take(page, (note) => `⟦note ${notes.push(note) - 1}⟧`);
    setHeadingLevels(page);
    setElements(page);
    setWordLists(page);
    breakLines(page);
    data.manuscript.page = page;
    data.dataValue = page.body.innerHTML;
    /* Filters for word processors read the clipboard anew. */
    transfer.setData("text/html", write(page, html));
  };

  const withNotes = (html, notes) =>
    html.replace(
      /⟦note (\d+)⟧/g,
      (_token, place) => `<span class="footnote">${notes[place] || ""}</span>`,
    );

  const finish = (data) => {
    const { left } = data.manuscript;
    const page = parse(data.dataValue);
    setListTypes(page);
    removeUnreachable(page, left);
    data.dataValue = page.body.innerHTML;
  };

  /* Lines of text as paragraphs. */
  const paragraphs = (text) =>
    text
      .split(/\s*\n\s*/)
      .filter(Boolean)
      .map((line) => `<p>${CKEDITOR.tools.htmlEncode(line)}</p>`)
      .join("");

  const plainText = (page) => {
    page.querySelectorAll("style, script, title").forEach((element) => element.remove());
    page.querySelectorAll(`${BLOCKS}, br`).forEach((element) => {
      element.before("\n");
      element.after("\n");
    });
    return page.body.textContent;
  };

  const insertPlain = (editor, data) => {
    const { page, notes, left } = data.manuscript || begin(data);
    const words =
      (page && plainText(page)) ||
      data.dataTransfer?.getData("text/plain") ||
      plainText(parse(data.dataValue || ""));
    left.formatting = 1;
    editor.insertHtml(withNotes(paragraphs(words), notes), "html", data.range);
  };

  /* If anything fails while a paste is under way, its plain text arrives. */
  const guardPaste = (editor) => {
    const fire = editor.fire;
    editor.fire = function (name, data, ...rest) {
      if (name !== "paste") return fire.call(this, name, data, ...rest);
      try {
        return fire.call(this, name, data, ...rest);
      } catch (error) {
        console.warn(error);
        insertPlain(editor, data);
        announce(editor, data);
        return data;
      }
    };
  };

  const number = (count, one, many) => count && `${count} ${count === 1 ? one : many}`;

  const MESSAGES = {
    formatting: () => "The formatting could not be read: only the plain text arrived.",
    images: (count) =>
      count === 1
        ? "1 image was left out: insert it from a file."
        : `${count} images were left out: insert them from a file.`,
    embedded: (count) =>
      `${number(count, "video or other embedded item", "videos or other embedded items")} left out: link to the page instead.`,
    formulas: (count) =>
      `${number(count, "formula", "formulas")} could not be kept as ${count === 1 ? "it was" : "they were"}: check or write ${count === 1 ? "it" : "them"} again.`,
    comments: (count) =>
      `${number(count, "reviewer’s comment was", "reviewers’ comments were")} left out.`,
    deletions: (count) =>
      `${number(count, "deletion", "deletions")} of tracked changes ${count === 1 ? "was" : "were"} left out.`,
    hidden: (count) =>
      `${number(count, "passage", "passages")} of hidden text ${count === 1 ? "was" : "were"} left out.`,
    suggestions: () =>
      "The document has undecided suggestions: check for words that should be deleted.",
  };

  const announce = (editor, data) => {
    const { left } = data.manuscript;
    const message = Object.entries(MESSAGES)
      .filter(([name]) => left[name])
      .map(([name, say]) => say(left[name]))
      .join(" ");
    if (!message) return;
    editor.showNotification(message, "warning", 0);
    /* With the next save the article keeps it, for its checklist. */
    const { form } = editor.element.$;
    const pasted = editor.name === "id_body" && form && form.elements.pasted;
    if (pasted) pasted.value += `${message}\n`;
  };

  CKEDITOR.plugins.add("manuscript", {
    requires: "clipboard,reviews,notes,formulas",

    beforeInit: guardPaste,

    init(editor) {
      const isPending = ({ data }) => data.dataValue && !isOurs(data, editor);
      /* Once a paste, which begins again when its filters are loaded. */
      const onPaste = (event) => {
        if (isPending(event) && !event.data.manuscript) prepare(event.data);
      };
      const onFiltered = (event) => {
        if (event.data.manuscript && event.data.dataValue) finish(event.data);
      };
      const onReady = ({ data }) => {
        if (!data.manuscript) return;
        data.dataValue = withNotes(data.dataValue, data.manuscript.notes);
        announce(editor, data);
      };
      /* Before the filters for word processors, which come third; after these and the
         editor's own, before uploads; when all are through. */
      editor.on("paste", onPaste, null, null, 1);
      editor.on("paste", onFiltered, null, null, 7);
      editor.on("paste", onReady, null, null, 900);
    },
  });
})();
