/* Images: what CKEditor's enhanced image lacks for us. A text for those who cannot
   see the image, or the editor's word that it is only decoration; uploads that Django
   accepts; figures without a class. */
(() => {
  "use strict";

  const NEEDED =
    "Say what the image shows to those who cannot see it, or tick “Only decoration”.";

  const token = () => {
    const field = document.querySelector("[name=csrfmiddlewaretoken]");
    const cookie = document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/);
    return field ? field.value : cookie ? decodeURIComponent(cookie[1]) : "";
  };

  /* In the editor a captioned image is known by its class; one without a caption is
     an image in a paragraph. */
  const markFigure = (figure) => {
    const link = figure.getFirst("a");
    const image = figure.getFirst("img") || link?.getFirst("img");
    if (!image) {
      figure.replaceWithChildren();
    } else if (figure.getFirst("figcaption")) {
      figure.addClass("image");
    } else {
      figure.name = "p";
    }
  };

  const eachFigure = ({ dataValue: content }, change) => {
    const figures = [];
    content.forEach((element) => {
      if (element.name === "figure") figures.push(element);
    }, CKEDITOR.NODE_ELEMENT);
    figures.forEach(change);
  };

  const isDecoration = (widget) =>
    widget.parts.image.getAttribute("role") === "presentation";

  const followDecoration = (widget) => {
    widget.setData("decoration", isDecoration(widget));
    widget.on("data", () => {
      if (widget.data.decoration) {
        widget.parts.image.setAttribute("role", "presentation");
      } else {
        widget.parts.image.removeAttribute("role");
      }
    });
  };

  const editDialog = ({ data: { name, definition } }) => {
    if (name !== "image2") return;
    const info = definition.getContents("info");
    const alt = info.get("alt");
    alt.label = "What the image shows (alternative text)";
    alt.validate = function () {
      const decoration = this.getDialog().getValueOf("info", "decoration");
      return decoration || this.getValue().trim() !== "" || NEEDED;
    };
    alt.commit = function (widget) {
      const decoration = this.getDialog().getValueOf("info", "decoration");
      widget.setData("alt", decoration ? "" : this.getValue().trim());
    };
    info.add(
      {
        id: "decoration",
        type: "checkbox",
        label: "Only decoration: it says nothing that the text does not",
        setup(widget) {
          this.setValue(Boolean(widget.data.decoration));
        },
        commit(widget) {
          widget.setData("decoration", this.getValue());
        },
        onChange() {
          const field = this.getDialog().getContentElement("info", "alt");
          this.getValue() ? field.disable() : field.enable();
        },
      },
      "hasCaption",
    );
    definition.title = "Image";
    info.get("src").label = "Address (the upload fills it in)";
    const upload = definition.getContents("Upload");
    upload.get("upload").label = "Image from your computer";
    upload.get("uploadButton").label = "Upload";
    const show = definition.onShow;
    definition.onShow = function () {
      show.call(this);
      if (!this.widget.data.src) this.selectPage("Upload");
    };
    info.get("hasCaption").label = "With a caption (write it under the image)";
    /* The page sizes images; the fields stay, since the dialog fills them in. */
    for (const element of info.elements) {
      if (element.type === "hbox") element.style = "display: none";
    }
  };

  /* An image that is still on its way belongs to the upload; once it is there, its
     dialog asks what it shows. */
  const leaveToUpload = (definition) => {
    const upcast = definition.upcast;
    definition.upcast = function (element, data) {
      const onItsWay = element.attributes["data-cke-upload-id"];
      return onItsWay ? false : upcast.call(this, element, data);
    };
  };

  const askAfterUpload = (definition, editor) => {
    definition.onUploaded = function ({ url, responseData: { width, height } }) {
      this.replaceWith(
        `<img src="${CKEDITOR.tools.htmlEncodeAttr(url)}" alt="" ` +
          `width="${Number(width)}" height="${Number(height)}">`,
      );
      const picture = Object.values(editor.widgets.instances).findLast(
        (widget) => widget.name === "image" && widget.data.src === url,
      );
      if (picture) setTimeout(() => picture.edit());
    };
  };

  /* For a dropped image that is refused, the editor would say only “error 400”. */
  const sayWhy = (fileLoader) => {
    try {
      fileLoader.message = JSON.parse(fileLoader.xhr.response).error.message;
    } catch {
      /* No answer from us: the editor's own words stay. */
    }
  };

  CKEDITOR.on("dialogDefinition", editDialog);

  CKEDITOR.plugins.add("picture", {
    requires: "image2,uploadimage,filebrowser",

    beforeInit(editor) {
      editor.config.uploadImage_supportedTypes = /image\/(jpeg|png|gif|webp|avif)/;
      editor.on("widgetDefinition", ({ data: definition }) => {
        if (definition.name === "image") leaveToUpload(definition);
        if (definition.name === "uploadimage") askAfterUpload(definition, editor);
      });
      editor.on("fileUploadRequest", ({ data: { fileLoader } }) => {
        fileLoader.xhr.setRequestHeader("X-CSRFToken", token());
        fileLoader.on("error", () => sayWhy(fileLoader), null, null, 1);
      });
    },

    init(editor) {
      /* An example would be printed if it were forgotten; content.css shows one. */
      editor.lang.image2.captionPlaceholder = "";
      /* The mark of an upload under way, which the filter would take off. */
      editor.filter.allow("img[data-widget]", "upload", true);
      editor.widgets.on("instanceCreated", ({ data: widget }) => {
        if (widget.name === "image")
          widget.once("ready", () => followDecoration(widget));
      });
      /* After the filter for allowed content and before widgets are looked for; on the
         way back after widgets are gone and before the HTML is written. */
      editor.on("toHtml", ({ data }) => eachFigure(data, markFigure), null, null, 7);
      const unmark = (figure) => figure.removeClass("image");
      editor.on(
        "toDataFormat",
        ({ data }) => eachFigure(data, unmark),
        null,
        null,
        14.5,
      );
    },
  });
})();
