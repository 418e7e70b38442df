/* Comments beside the article's form: sent without leaving it, on the passage that is
   marked, with names offered after an "@". Everything works without it. */
"use strict";

(() => {
  const part = document.querySelector(".comments");
  if (!part) return;
  const beside = part.matches("details") ? part : null;
  const INVISIBLE = /[\s\u200b\u2060\ufeff]/;

  const threads = () => part.querySelector(".threads");
  const say = (text) => { threads().querySelector(".said").textContent = text; };

  /* Sending */

  function cookie(name) {
    const found = document.cookie.split("; ").find((line) => line.startsWith(`${name}=`));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  }

  /* What is typed in other forms than the one that was sent, to put it back. */
  function typed(sent) {
    return [...threads().querySelectorAll("textarea, input[name=quote]")]
      .filter((field) => field.value && !sent.contains(field))
      .map((field) => [field.id, field.value]);
  }

  function putBack(values) {
    for (const [id, value] of values) {
      const field = document.getElementById(id);
      if (!field) continue;
      field.value = value;
      const folded = field.closest("details.answer");
      if (folded) folded.open = true;
    }
  }

  async function send(form) {
    const data = new FormData(form);
    // After signing in again in another window the page's own token is none any more.
    const token = cookie("__Host-csrftoken") || cookie("csrftoken");
    if (token) data.set("csrfmiddlewaretoken", token);
    const before = new Set([...threads().querySelectorAll("[id^=comment-]")].map((li) => li.id));
    const thread = form.closest(".thread");
    for (const button of form.querySelectorAll("button")) button.disabled = true;
    say("Sending …");
    let answer;
    try {
      const response = await fetch(form.action, { method: "POST", body: data });
      answer = new DOMParser().parseFromString(await response.text(), "text/html");
    } catch {
      answer = null;
    }
    const fresh = answer?.querySelector("#content-main .threads");
    if (!fresh) {
      for (const button of form.querySelectorAll("button")) button.disabled = false;
      say("Your comment was not sent. What you wrote is still here: check that you are signed in, " +
        "in another window, then send it again.");
      return;
    }
    await new Promise((resolve) => { desk.afterPress(resolve); });
    const kept = typed(form);
    const said = [...answer.querySelectorAll(".messagelist li")].map((li) => li.textContent.trim());
    threads().replaceWith(fresh);
    putBack(kept);
    prepare();
    say(said.join(" "));
    const count = Number(fresh.dataset.open);
    const label = part.querySelector(".open-comments");
    if (label) label.textContent = count ? `${count} open` : "";
    const error = fresh.querySelector(".errorlist");
    const added = [...fresh.querySelectorAll("[id^=comment-]")].find((li) => !before.has(li.id));
    const stays = thread && document.getElementById(thread.id);
    const next = error ? error.closest("form").querySelector("textarea")
      : added ? added.closest(".thread") : stays;
    if (next?.offsetParent) next.focus();
  }

  if (beside) {
    part.addEventListener("submit", (event) => {
      event.preventDefault();
      send(event.target);
    });
  }

  let sending = false;
  if (!beside) part.addEventListener("submit", () => { sending = true; });
  window.addEventListener("beforeunload", (event) => {
    const unsent = [...threads().querySelectorAll("textarea")]
      .some((field) => field.value.trim() && field.value !== field.defaultValue);
    if (unsent && !sending) event.preventDefault();
  });

  /* The text: in the editor, or as it is shown to those who may not change it. */

  const editor = () => window.CKEDITOR && CKEDITOR.instances.id_body;

  function body() {
    if (editor()) return editor().document?.$.body;
    return document.querySelector(".field-read_body .readonly");
  }

  function marked() {
    const root = body();
    const selection = root?.ownerDocument.getSelection();
    if (!selection?.rangeCount || selection.isCollapsed) return "";
    if (!root.contains(selection.getRangeAt(0).commonAncestorContainer)) return "";
    return selection.toString().replace(/[\u200b\u2060\ufeff]/g, "").replace(/\s+/g, " ")
      .trim().slice(0, 2000);
  }

  /* A range over the passage, wherever its lines and paragraphs break; or null. */
  function find(passage) {
    const root = body();
    if (!root) return null;
    const characters = [];
    const walker = root.ownerDocument.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    let text = "";
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      for (let place = 0; place < node.data.length; place += 1) {
        if (INVISIBLE.test(node.data[place])) continue;
        text += node.data[place];
        characters.push([node, place]);
      }
    }
    const wanted = [...passage].filter((character) => !INVISIBLE.test(character)).join("");
    const start = wanted ? text.indexOf(wanted) : -1;
    if (start < 0) return null;
    const range = root.ownerDocument.createRange();
    range.setStart(...characters[start]);
    const [node, place] = characters[start + wanted.length - 1];
    range.setEnd(node, place + 1);
    return range;
  }

  function show(passage) {
    const range = find(passage);
    if (!range) {
      say("These words are no longer in the text.");
      return;
    }
    say("");
    if (editor()) editor().focus();
    const selection = range.startContainer.ownerDocument.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    range.startContainer.parentElement.scrollIntoView({ block: "center" });
  }

  function makePressable(quote) {
    const button = document.createElement("button");
    button.type = "button";
    button.title = "Show it in the text";
    button.textContent = quote.textContent;
    button.addEventListener("click", () => show(button.textContent));
    quote.replaceChildren(button);
  }

  /* A button under the text, as long as a passage is marked. */

  function offerToQuote() {
    const anchor = editor() ? editor().container.$ : body();
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button quote-marked";
    button.textContent = "Comment on the marked words";
    button.hidden = true;
    anchor.after(button);
    let words = "";
    const look = () => {
      words = marked();
      button.hidden = !words;
    };
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => {
      if (!words) return;
      beside.open = true;
      const form = threads().querySelector(".new-comment");
      form.elements.quote.value = words;
      form.elements.text.focus();
      form.scrollIntoView({ block: "center" });
    });
    const listen = () => {
      body().ownerDocument.addEventListener("selectionchange", look);
    };
    if (editor()) editor().on("contentDom", listen);
    listen();
  }

  function whenReady() {
    if (!editor()) {
      if (body()) offerToQuote();
    } else if (editor().status === "ready") {
      offerToQuote();
    } else {
      editor().on("instanceReady", offerToQuote);
    }
  }
  if (beside) window.addEventListener("load", whenReady);

  /* Names after an "@" */

  function offerNames(field) {
    const list = document.createElement("ul");
    list.className = "names-offered";
    list.id = `${field.id}_names`;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "People");
    list.hidden = true;
    // Over what stands above, so that nothing moves and no button is covered.
    const frame = document.createElement("span");
    frame.className = "names-frame";
    field.replaceWith(frame);
    frame.append(list, field);
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", list.id);

    const begun = () =>
      field.value.slice(0, field.selectionStart).match(/(?<![\p{L}\p{N}_.@+-])@([\p{L}\p{N}_.@+-]*)$/u);

    function close() {
      list.hidden = true;
      field.removeAttribute("aria-activedescendant");
    }

    function choose(option) {
      const start = field.selectionStart - begun()[1].length;
      field.setRangeText(`${option.dataset.mention} `, start, field.selectionStart, "end");
      close();
      field.focus();
    }

    function activate(option) {
      for (const other of list.children) other.setAttribute("aria-selected", other === option);
      field.setAttribute("aria-activedescendant", option.id);
    }

    function offer() {
      const match = begun();
      if (!match) { close(); return; }
      const wanted = match[1].toLowerCase();
      const people = [...threads().querySelectorAll(".mentionable li")].filter((person) =>
        `${person.dataset.mention} ${person.firstChild.data}`.toLowerCase().split(/[\s.]+/)
          .some((word) => word.startsWith(wanted)) ||
        person.dataset.mention.toLowerCase().startsWith(wanted));
      list.replaceChildren(...people.slice(0, 6).map((person, place) => {
        const option = document.createElement("li");
        option.id = `${list.id}_${place}`;
        option.setAttribute("role", "option");
        option.dataset.mention = person.dataset.mention;
        option.textContent = person.firstChild.data.trim();
        option.addEventListener("mousedown", (event) => {
          event.preventDefault();
          choose(option);
        });
        return option;
      }));
      list.hidden = !list.children.length;
      if (list.hidden) return;
      activate(list.firstElementChild);
      list.scrollIntoView({ block: "nearest" });
    }

    field.addEventListener("input", offer);
    field.addEventListener("blur", close);
    field.addEventListener("keydown", (event) => {
      if (list.hidden) return;
      const active = list.querySelector("[aria-selected=true]");
      if (event.key === "ArrowDown") activate(active.nextElementSibling || list.firstElementChild);
      else if (event.key === "ArrowUp") activate(active.previousElementSibling || list.lastElementChild);
      else if (event.key === "Enter" || event.key === "Tab") choose(active);
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  function prepare() {
    if (beside) threads().querySelectorAll(".comment-quote").forEach(makePressable);
    threads().querySelectorAll("textarea").forEach(offerNames);
  }
  prepare();

  const asked = /^#comment-\d+$/.test(location.hash) && document.querySelector(location.hash);
  if (asked) window.addEventListener("load", () => asked.scrollIntoView({ block: "center" }));
})();
