/* Footnotes: in the text a numbered mark, in the HTML the note itself, at the point
   where it is referred to: <span class="footnote">Text of the note</span>. The numbers
   are counted by content.css, so they follow when marks are moved. */
(() => {
  "use strict";

  /* CKEditor drops empty elements; the number itself comes from the style sheet. */
  const INVISIBLE = "\u2060";
  const ALLOWED = "em strong sup sub; a[!href,title]; abbr[title]; span[!lang]";
  const RENAMED = { i: "em", b: "strong" };
  const ADDRESS = /^(https?:\/\/|mailto:|\/(?!\/))/i;

  /* The HTML of a note in the elements that a note may have. */
  const cleaned = (html) => {
    const fragment = CKEDITOR.htmlParser.fragment.fromHtml(html);
    fragment.forEach((element) => {
      element.name = RENAMED[element.name] || element.name;
      delete element.attributes["data-cke-saved-href"];
    }, CKEDITOR.NODE_ELEMENT);
    new CKEDITOR.filter(ALLOWED).applyTo(fragment, true);
    fragment.forEach((element) => {
      if (element.name === "a" && !ADDRESS.test(element.attributes.href || "")) {
        element.replaceWithChildren();
      }
    }, CKEDITOR.NODE_ELEMENT);
    const writer = new CKEDITOR.htmlParser.basicWriter();
    fragment.writeHtml(writer);
    return writer
      .getHtml()
      .replace(/(\s|&nbsp;|<br[^>]*>)+/g, " ")
      .trim();
  };

  /* Without what reviewers have said and struck out. */
  const reviewed = (html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    CKEDITOR.plugins.get("reviews").remove(page, html);
    return page.body.innerHTML;
  };

  const plain = (html) => {
    const inert = new DOMParser().parseFromString(html, "text/html");
    return inert.body.textContent.trim();
  };

  /* A link typed without its scheme is what most people type. */
  const completed = (address) =>
    !address || ADDRESS.test(address)
      ? address
      : address.includes("@")
        ? `mailto:${address}`
        : `https://${address.replace(/^[a-z]+:(\/\/)?/i, "")}`;

  const placeCaretAfter = ({ editor, wrapper }) => {
    const range = editor.createRange();
    range.moveToPosition(wrapper, CKEDITOR.POSITION_AFTER_END);
    editor.focus();
    range.select();
  };

  CKEDITOR.plugins.add("footnote", {
    requires: "widget,dialog,reviews",

    init(editor) {
      CKEDITOR.dialog.add("footnote", dialog);

      editor.widgets.add("footnote", {
        inline: true,
        dialog: "footnote",
        pathName: "footnote",
        template: `<span class="footnote">${INVISIBLE}</span>`,
        allowedContent: "span(!footnote)",
        requiredContent: "span(footnote)",
        defaults: { html: "" },

        upcast(element, data) {
          if (element.name !== "span" || !element.hasClass("footnote")) return false;
          data.html = cleaned(element.getHtml());
          element.setHtml(INVISIBLE);
          return true;
        },

        downcast(element) {
          const note = new CKEDITOR.htmlParser.element("span", { class: "footnote" });
          if (element.attributes.lang) note.attributes.lang = element.attributes.lang;
          note.setHtml(this.data.html);
          return note;
        },

        data() {
          this.wrapper.setAttribute("title", plain(this.data.html));
        },

        getLabel() {
          return `Footnote: ${plain(this.data.html)}`;
        },
      });

      editor.ui.addButton("Footnote", {
        label: "Footnote",
        command: "footnote",
        toolbar: "insert",
        icon: `${this.path}icon.svg`,
      });
      /* As in Word. */
      editor.setKeystroke(CKEDITOR.CTRL + CKEDITOR.ALT + 70, "footnote");
    },
  });

  const MARKUP = `
    <div class="note-tools" role="toolbar" aria-label="Format the note">
      <button type="button" data-do="italic"><em>Italic</em></button>
      <label>Link to <input type="text" inputmode="url" placeholder="https://"></label>
      <button type="button" data-do="link">Link the selected words</button>
      <button type="button" data-do="unlink">Remove link</button>
    </div>
    <div class="note-text" contenteditable="true" role="textbox" aria-multiline="true"
         aria-label="Text of the note" spellcheck="true"></div>
    <p class="note-hint">Ctrl+I: italics. Web addresses become links by themselves.</p>`;

  const dialog = () => {
    let box, text, address, selected, written;

    const keepSelection = () => {
      const selection = document.getSelection();
      if (selection.rangeCount && text.contains(selection.anchorNode)) {
        selected = selection.getRangeAt(0).cloneRange();
      }
    };
    const run = (command, value) => {
      text.focus();
      if (selected) {
        const selection = document.getSelection();
        selection.removeAllRanges();
        selection.addRange(selected);
      }
      document.execCommand("styleWithCSS", false, false);
      document.execCommand(command, false, value);
      keepSelection();
    };
    const link = () => {
      const url = completed(address.value.trim());
      if (!url) return address.focus();
      if (!selected || selected.collapsed) {
        run(
          "insertHTML",
          `<a href="${CKEDITOR.tools.htmlEncodeAttr(url)}">${CKEDITOR.tools.htmlEncode(
            url,
          )}</a>`,
        );
      } else {
        run("createLink", url);
      }
      address.value = "";
    };
    const paste = (event) => {
      const html = event.clipboardData.getData("text/html");
      const words = event.clipboardData.getData("text/plain");
      event.preventDefault();
      const clean = html ? cleaned(reviewed(html)) : CKEDITOR.tools.htmlEncode(words);
      document.execCommand("insertHTML", false, clean);
    };

    return {
      title: "Footnote",
      minWidth: 460,
      minHeight: 160,
      resizable: CKEDITOR.DIALOG_RESIZE_NONE,
      contents: [
        {
          id: "note",
          label: "Footnote",
          elements: [
            {
              id: "text",
              type: "html",
              html: `<div class="note-box">${MARKUP}</div>`,
              onLoad() {
                box = this.getElement().$;
                text = box.querySelector(".note-text");
                address = box.querySelector("input");
                const dialog = this.getDialog();
                for (const element of box.querySelectorAll("button, input")) {
                  dialog.addFocusable(new CKEDITOR.dom.element(element));
                }
                dialog.addFocusable(new CKEDITOR.dom.element(text), 0);
                text.addEventListener("paste", paste);
                text.addEventListener("keyup", keepSelection);
                text.addEventListener("mouseup", keepSelection);
                text.addEventListener("blur", keepSelection);
                box.addEventListener("click", (event) => {
                  const button = event.target.closest("button");
                  if (!button) return;
                  button.dataset.do === "link" ? link() : run(button.dataset.do);
                });
                address.addEventListener("keydown", (event) => {
                  if (event.key !== "Enter") return;
                  event.preventDefault();
                  event.stopPropagation();
                  link();
                });
              },
              setup(widget) {
                text.innerHTML = widget.data.html;
                address.value = "";
                selected = null;
              },
              validate() {
                return (
                  plain(cleaned(text.innerHTML)) !== "" ||
                  "Write the note. (To remove one, delete its number in the text.)"
                );
              },
              commit(widget) {
                widget.setData("html", cleaned(text.innerHTML));
                written = widget;
              },
            },
          ],
        },
      ],
      /* The text is filled in after this event, the caret belongs at its end. */
      onShow() {
        setTimeout(() => {
          text.focus();
          document.getSelection().selectAllChildren(text);
          document.getSelection().collapseToEnd();
          keepSelection();
        });
      },
      /* Writing goes on after the number. */
      onHide() {
        const note = written;
        written = null;
        if (note) setTimeout(() => placeCaretAfter(note));
      },
    };
  };
})();
