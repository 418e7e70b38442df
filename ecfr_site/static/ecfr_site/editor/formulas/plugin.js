/* Keeps the formulas of a pasted page as MathML, whatever they were written in, without
   the second copy that programs show beside it; counts those that cannot be kept. */
(() => {
  "use strict";

  /* Boxes of KaTeX, MathJax 2 and 3, Wikipedia. */
  const BOXES = `.katex-display, .katex, mjx-container, .MathJax_Display, .MathJax,
    .MathJax_SVG, .MathJax_CHTML, .mwe-math-element`;
  const TEX = `annotation[encoding*="tex" i], script[type^="math/tex"]`;
  const BLANK = ".MathJax_Preview, .MJX_Assistive_MathML:empty";

  const parsed = (html) => new DOMParser().parseFromString(html, "text/html");

  const mathIn = (box) => {
    const math = box.querySelector("math");
    if (math) return math;
    const source = [box, ...box.querySelectorAll("[data-mathml]")].find((element) =>
      element.hasAttribute("data-mathml"),
    );
    return source && parsed(source.getAttribute("data-mathml")).querySelector("math");
  };

  const texOf = (box) =>
    box.querySelector(TEX)?.textContent ||
    box.querySelector("img[alt]")?.getAttribute("alt") ||
    "";

  const replaceBoxes = (page) => {
    let lost = 0;
    for (const box of page.querySelectorAll(BOXES)) {
      if (!page.contains(box)) continue;
      const math = mathIn(box);
      const script = box.nextElementSibling?.matches?.(TEX) && box.nextElementSibling;
      if (math) box.replaceWith(page.importNode(math, true));
      else {
        lost += 1;
        box.replaceWith(texOf(box) || (script ? script.textContent : ""));
      }
      if (script) script.remove();
    }
    return lost;
  };

  /* Word's own notation, element by element. */
  const ELEMENTS = "http://www.w3.org/1998/Math/MathML";
  const make = (name, ...children) => {
    const element = document.createElementNS(ELEMENTS, name);
    element.append(...children);
    return element;
  };

  const tokens = (text) =>
    (text.match(/\d+(?:[.,]\d+)*|\p{L}|[^\s\p{L}\d]/gu) || []).map((token) =>
      make(/^\d/.test(token) ? "mn" : /\p{L}/u.test(token) ? "mi" : "mo", token),
    );

  /* Direct parts of the name; what Word puts around them for fonts does not count. */
  const parts = (element, name) =>
    [...element.children].flatMap((child) =>
      child.localName === name
        ? [child]
        : child.localName.startsWith("m:")
          ? []
          : parts(child, name),
    );
  const row = (element) => make("mrow", ...(element ? converted(element) : []));
  const part = (element, name) => row(parts(element, `m:${name}`)[0]);
  const property = (element, name, otherwise) => {
    const properties = [...element.children].find((child) =>
      /^m:\w+pr$/.test(child.localName),
    );
    const found = properties?.querySelector(CSS.escape(`m:${name}`));
    return found ? found.getAttribute("m:val") || "" : otherwise;
  };

  const sum = (element) => {
    const sign = make("mo", property(element, "chr", "∫"));
    const under = property(element, "limloc", "undOvr") === "subSup" ? "subsup" : "underover";
    const limits = make(`m${under}`, sign, part(element, "sub"), part(element, "sup"));
    return [limits, part(element, "e")];
  };

  const bracketed = (element) => {
    const inner = parts(element, "m:e").flatMap((item, place) => [
      ...(place ? [make("mo", property(element, "sepchr", "|"))] : []),
      row(item),
    ]);
    const signs = [property(element, "begchr", "("), property(element, "endchr", ")")];
    const [open, close] = signs.map((sign) => (sign ? [make("mo", sign)] : []));
    return [make("mrow", ...open, ...inner, ...close)];
  };

  const table = (rows) => [
    make("mtable", ...rows.map((cells) => make("mtr", ...cells.map((e) => make("mtd", row(e)))))),
  ];

  const BY_NAME = {
    "m:r": (e) => tokens(e.textContent),
    /* The name of a function, such as sin, is one word. */
    "m:fname": (e) => {
      const name = parts(e, "m:r").map((run) => run.textContent.trim()).join("");
      const isWord = /^\p{L}+$/u.test(name) && name === e.textContent.trim();
      return isWord ? [make("mi", name)] : converted(e);
    },
    "m:f": (e) => [make("mfrac", part(e, "num"), part(e, "den"))],
    "m:ssup": (e) => [make("msup", part(e, "e"), part(e, "sup"))],
    "m:ssub": (e) => [make("msub", part(e, "e"), part(e, "sub"))],
    "m:ssubsup": (e) => [make("msubsup", part(e, "e"), part(e, "sub"), part(e, "sup"))],
    "m:spre": (e) => [
      make("msubsup", make("mrow"), part(e, "sub"), part(e, "sup")),
      part(e, "e"),
    ],
    "m:rad": (e) => {
      const degree = part(e, "deg");
      return degree.textContent
        ? [make("mroot", part(e, "e"), degree)]
        : [make("msqrt", part(e, "e"))];
    },
    "m:nary": sum,
    "m:d": bracketed,
    "m:limlow": (e) => [make("munder", part(e, "e"), part(e, "lim"))],
    "m:limupp": (e) => [make("mover", part(e, "e"), part(e, "lim"))],
    "m:acc": (e) => [make("mover", part(e, "e"), make("mo", property(e, "chr", "\u0302")))],
    "m:bar": (e) => [
      make(property(e, "pos", "bot") === "top" ? "mover" : "munder", part(e, "e"), make("mo", "¯")),
    ],
    "m:groupchr": (e) => [
      make(
        property(e, "pos", "bot") === "top" ? "mover" : "munder",
        part(e, "e"),
        make("mo", property(e, "chr", "⏟")),
      ),
    ],
    "m:m": (e) => table(parts(e, "m:mr").map((line) => parts(line, "m:e"))),
    "m:eqarr": (e) => table(parts(e, "m:e").map((line) => [line])),
  };

  const converted = (element) =>
    [...element.children].flatMap((child) => {
      if (/^m:\w+pr$/.test(child.localName)) return [];
      const convert = BY_NAME[child.localName];
      return convert ? convert(child) : converted(child);
    });

  const mathOfWord = (source) => {
    const closed = source.replace(/<(m:\w+)([^<>]*)\/>/g, "<$1$2></$1>");
    return [...parsed(closed).querySelectorAll("m\\:omath")].map((formula) =>
      make("math", ...converted(formula)),
    );
  };

  /* Word writes a formula in a comment, and after it an image for those who cannot read
     that. */
  const replaceWords = (page) => {
    let lost = 0;
    const walker = page.createTreeWalker(page, NodeFilter.SHOW_COMMENT);
    const comments = [];
    while (walker.nextNode()) comments.push(walker.currentNode);
    for (const comment of comments) {
      if (/^\[if gte msEquation/i.test(comment.data)) {
        const math = mathOfWord(comment.data);
        if (!math.some((formula) => formula.textContent)) lost += 1;
        comment.replaceWith(...math);
      } else if (/^\[if !msEquation/i.test(comment.data)) {
        removeUntilEnd(comment);
      }
    }
    return lost;
  };

  const removeUntilEnd = (start) => {
    for (let node = start.nextSibling; node; ) {
      const next = node.nextSibling;
      const isEnd = node.nodeType === Node.COMMENT_NODE && /endif/.test(node.data);
      node.remove();
      if (isEnd) break;
      node = next;
    }
    start.remove();
  };

  /* The editor's grammar of HTML is older than MathML: what it does not know to stand in
     a line, it takes apart when it is inserted. */
  const NAMES = `mi mn mo ms mtext mspace mrow mfrac msqrt mroot msub msup msubsup munder
    mover munderover mmultiscripts mprescripts none mtable mtr mtd mstyle mpadded mphantom
    semantics mfenced`.split(/\s+/);

  const teachGrammar = ({ dtd }) => {
    for (const [name, inside] of Object.entries(dtd)) {
      if (!name.startsWith("$") && inside.span) inside.math = 1;
    }
    const inFormula = { "#": 1, ...Object.fromEntries(NAMES.map((name) => [name, 1])) };
    for (const name of ["math", ...NAMES]) {
      dtd[name] = inFormula;
      dtd.$inline[name] = 1;
    }
  };

  teachGrammar(CKEDITOR);

  CKEDITOR.plugins.add("formulas", {
    /* Leaves MathML alone in the document, and gives the number of formulas lost. */
    keep(page) {
      const lost = replaceWords(page) + replaceBoxes(page);
      page.querySelectorAll(BLANK).forEach((element) => element.remove());
      for (const math of page.querySelectorAll("math")) {
        math
          .querySelectorAll("annotation, annotation-xml")
          .forEach((element) => element.remove());
        const twin = math.nextElementSibling;
        if (twin?.matches(".katex-html, .mwe-math-fallback-image-inline")) twin.remove();
      }
      return lost;
    },
  });
})();
