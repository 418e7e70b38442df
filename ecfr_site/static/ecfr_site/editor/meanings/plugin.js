/* Meanings that pasted text has only by its styles become elements, since the editor's
   filters take styles off: lines that are kept, struck-out words, kinds of lists. The
   server does the same (ecfr_site/richtext/readings.py, ecfr_site/lines.py). */
(() => {
  "use strict";

  const KEEPS_LINES = /(^|;)\s*white-space(-collapse)?:\s*(pre|break-spaces|preserve)/i;
  const COLLAPSES = /(^|;)\s*white-space(-collapse)?:\s*(pre-line|preserve-breaks)/i;
  const STRUCK = /text-decoration(-line)?:[^;]*line-through/i;
  const LIST = /list-style(-type)?:[^;]*(lower|upper)-(alpha|latin|roman)/i;
  const EN_SPACE = "\u2002";
  const STYLES = /white-space|line-through|list-style/i;

  const styleOf = (element) => element.getAttribute("style") || "";

  /* Up to where white space is said to be otherwise. */
  const textsOf = (element) => {
    const walker = element.ownerDocument.createTreeWalker(
      element,
      NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT,
      (node) =>
        node.nodeType === Node.ELEMENT_NODE && /white-space/i.test(styleOf(node))
          ? NodeFilter.FILTER_REJECT
          : NodeFilter.FILTER_ACCEPT,
    );
    const texts = [];
    while (walker.nextNode())
      if (walker.currentNode.nodeType === Node.TEXT_NODE)
        texts.push(walker.currentNode);
    return texts;
  };

  const breakLines = (element) => {
    const indents = !COLLAPSES.test(styleOf(element));
    for (const text of textsOf(element)) {
      const [first, ...others] = text.data.split(/\r?\n/);
      if (!others.length) continue;
      const lines = others.flatMap((line) => [
        element.ownerDocument.createElement("br"),
        indents ? line.replace(/^[ \t]+/, (run) => EN_SPACE.repeat(run.length)) : line,
      ]);
      text.replaceWith(first, ...lines);
    }
  };

  const strikeOut = (element) => {
    const struck = element.ownerDocument.createElement("s");
    struck.append(...element.childNodes);
    element.append(struck);
  };

  const setType = (list) => {
    const [, , letterCase, kind] = LIST.exec(styleOf(list));
    const type = /roman/i.test(kind) ? "i" : "a";
    list.setAttribute("type", /upper/i.test(letterCase) ? type.toUpperCase() : type);
  };

  /* What is an element then needs no style, which would count a second time. */
  const prepared = (html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    for (const element of page.body.querySelectorAll("[style]")) {
      if (KEEPS_LINES.test(styleOf(element)) && !element.matches("pre"))
        breakLines(element);
      if (STRUCK.test(styleOf(element)) && !element.matches("s, strike, del"))
        strikeOut(element);
      if (element.matches("ol") && LIST.test(styleOf(element))) setType(element);
      element.style.removeProperty("white-space");
    }
    return /<html/i.test(html)
      ? `<html>${page.head.outerHTML}${page.body.outerHTML}</html>`
      : page.body.innerHTML;
  };

  CKEDITOR.plugins.add("meanings", {
    requires: "clipboard",

    init(editor) {
      const prepare = ({ data }) => {
        if (STYLES.test(data.dataValue)) data.dataValue = prepared(data.dataValue);
      };
      editor.on("paste", prepare, null, null, 2);
    },
  });
})();
