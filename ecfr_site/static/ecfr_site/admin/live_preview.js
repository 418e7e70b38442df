/* The preview beside the form follows what is typed, as soon as it is kept. */
"use strict";

(() => {
  const preview = document.querySelector(".live-preview");
  if (!preview) return;

  const DESKTOP = 1280;
  const PHONE = 375;
  const stage = preview.querySelector(".live-preview-stage");
  const frame = stage.querySelector("iframe");
  const said = preview.querySelector(".live-preview-said [role=status]");
  const link = preview.querySelector(".live-preview-said a");
  const switches = preview.querySelector(".preview-switches");
  const chosen = (name) => switches.querySelector(`[name=${name}]:checked`).value;
  const CHOICES = "desk:preview";

  /* As wide as the device, and scaled down to what there is room for. */

  function fit() {
    const width = chosen("_width") === "phone" ? PHONE : DESKTOP;
    const room = stage.clientWidth;
    const scale = Math.min(1, room / width);
    if (!room) return;
    frame.style.width = `${width}px`;
    frame.style.height = `${stage.clientHeight / scale}px`;
    frame.style.transform = `scale(${scale})`;
    frame.style.marginLeft = `${Math.max(0, (room - width * scale) / 2)}px`;
  }

  /* Light or dark, whatever the device prefers: browsers do not let a frame choose. */

  const ALWAYS = "(min-width: 0px)";
  const NEVER = "(max-width: 0px)";
  const asked = new WeakMap();

  function colour(rules, scheme) {
    for (const rule of rules) {
      if (rule.media) {
        if (!asked.has(rule)) asked.set(rule, rule.media.mediaText);
        const now = asked.get(rule).replace(
          /\(\s*prefers-color-scheme:\s*(light|dark)\s*\)/g,
          (_, wanted) => (wanted === scheme ? ALWAYS : NEVER),
        );
        if (now !== rule.media.mediaText) rule.media.mediaText = now;
      }
      if (rule.cssRules) colour(rule.cssRules, scheme);
    }
  }

  function dress() {
    const page = frame.contentDocument;
    if (!page?.body) return;
    const scheme = chosen("_scheme");
    for (const sheet of page.styleSheets) colour(sheet.cssRules, scheme);
    page.documentElement.style.colorScheme = `only ${scheme}`;
    // The frame shows this page alone; its own notes it may jump to.
    for (const anchor of page.querySelectorAll("a[href]:not([href^='#'])")) {
      anchor.target = "_blank";
    }
  }

  /* The new page in place of the old one, without the reader's place being lost. */

  let stale = false;
  let running = false;

  async function refresh() {
    // One at a time: a long text is never overtaken by the next of its own versions.
    stale = true;
    if (!preview.open || running) return;
    running = true;
    while (stale) {
      stale = false;
      await fetchAndShow();
    }
    running = false;
  }

  async function fetchAndShow() {
    const address = `${preview.dataset.preview}?typed`;
    try {
      const answer = await fetch(address, { redirect: "error" });
      if (!answer.ok) throw new Error(answer.status);
      show(new DOMParser().parseFromString(await answer.text(), "text/html"));
      said.textContent = "";
      link.href = address;
    } catch {
      said.textContent = "The preview cannot be made at the moment.";
    }
  }

  function show(next) {
    const page = frame.contentDocument;
    const shown = page?.querySelector("main#content");
    if (!shown) {
      // Nothing is there yet, or no page of the site.
      frame.loading = "eager";
      frame.src = `${preview.dataset.preview}?typed`;
      return;
    }
    const { scrollX, scrollY } = frame.contentWindow;
    page.title = next.title;
    page.documentElement.lang = next.documentElement.lang;
    page.body.replaceWith(page.adoptNode(next.body));
    dress();
    frame.contentWindow.scrollTo(scrollX, scrollY);
  }

  document.addEventListener("desk:kept", refresh);

  function remember() {
    const choices = {
      open: preview.open, width: chosen("_width"), scheme: chosen("_scheme"),
    };
    localStorage.setItem(CHOICES, JSON.stringify(choices));
  }

  preview.addEventListener("toggle", () => {
    fit();
    if (preview.open && stale) refresh();
    remember();
  });
  switches.addEventListener("change", () => { fit(); dress(); remember(); });
  frame.addEventListener("load", dress);
  new ResizeObserver(fit).observe(stage);

  try {
    const { open, width, scheme } = JSON.parse(localStorage.getItem(CHOICES)) || {};
    for (const value of [width, scheme]) {
      const choice = value && switches.querySelector(`[value=${value}]`);
      if (choice) choice.checked = true;
    }
    // Where there is room beside the form.
    if (open && matchMedia("(min-width: 1280px)").matches) preview.open = true;
  } catch { /* as it was */ }
  switches.hidden = false;
  stage.classList.add("fitted");
  fit();
  dress();
})();
