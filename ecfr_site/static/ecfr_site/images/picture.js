/* The image's form: what was chosen is shown at once, and the focal point is set on
   the image by mouse, finger or arrow keys. The number fields do it without. */
(() => {
  "use strict";

  const clamp = (value, most) => Math.min(Math.max(value, 0), most);

  /* Where a crop begins, in per cent of the room there is for it: what CSS calls
     object-position. Centred on the focal point as far as the image goes; the
     renditions are cut by the same rule. */
  const start = (whole, part, focal) => {
    const room = whole - part;
    if (room <= 0) return 50;
    return (clamp((whole * focal) / 100 - part / 2, room) / room) * 100;
  };

  const prepare = (field) => {
    const { focal_x: x, focal_y: y, title } = field.closest("form").elements;
    const stage = field.querySelector(".picture-stage");
    const mark = field.querySelector(".picture-focus");
    const previews = field.querySelector(".picture-crops");
    const crops = [...field.querySelectorAll(".picture-crop")];
    const place = field.querySelector(".picture-place");
    const problem = field.querySelector(".picture-problem");
    const chooser = field.querySelector("input[type=file]");
    // What the site has, to go back to when a file turns out to be of no use.
    const stored = stage.querySelector("img");
    const before = [x.value, y.value];
    let picture = stored;

    const show = () => {
      const [left, top] = [clamp(Number(x.value), 100), clamp(Number(y.value), 100)];
      const words = `${left} % from the left, ${top} % from the top`;
      mark.style.left = `${left}%`;
      mark.style.top = `${top}%`;
      mark.ariaValueNow = left;
      mark.ariaValueText = words;
      place.textContent = `Now ${words}.`;
      const { naturalWidth: width, naturalHeight: height } = picture;
      for (const crop of crops) {
        const ratio = Number(crop.dataset.ratio);
        const across = start(width, Math.min(width, height * ratio), left);
        const down = start(height, Math.min(height, width / ratio), top);
        crop.firstChild.style.objectPosition = `${across}% ${down}%`;
      }
    };

    const move = (left, top) => {
      x.value = Math.round(clamp(left, 100));
      y.value = Math.round(clamp(top, 100));
      show();
    };

    const take = () => {
      for (const crop of crops) {
        const copy = new Image();
        copy.alt = "";
        copy.src = picture.currentSrc;
        crop.replaceChildren(copy);
      }
      mark.hidden = previews.hidden = stage.hidden = false;
      show();
    };

    const put = (other) => {
      if (other === picture) return;
      if (picture !== stored) {
        picture.remove();
        URL.revokeObjectURL(picture.src);
      }
      if (stored) stored.hidden = other !== stored;
      if (other && other !== stored) stage.prepend(other);
      picture = other;
    };

    const goBack = () => {
      put(stored);
      [x.value, y.value] = before;
      if (stored) take();
      else mark.hidden = previews.hidden = stage.hidden = true;
    };

    const choose = (file) => {
      problem.textContent = "";
      if (!file) return goBack();
      if (file.size > Number(field.dataset.maxBytes)) {
        problem.textContent =
          `“${file.name}” is too large: at most ${field.dataset.maxSize} are accepted.`;
        chooser.value = "";
        return goBack();
      }
      const chosen = new Image();
      chosen.alt = "The image you chose";
      chosen.onload = () => {
        // Another may have been chosen while this one was read.
        if (chooser.files[0] !== file) return;
        put(chosen);
        x.value = y.value = 50;
        take();
      };
      chosen.onerror = () => {
        if (chooser.files[0] !== file) return;
        problem.textContent =
          `“${file.name}” cannot be shown here, and may be refused: ` +
          "choose a JPEG, PNG, WebP, AVIF or GIF file.";
        goBack();
      };
      chosen.src = URL.createObjectURL(file);
      if (title && !title.value) {
        title.value = file.name.replace(/\.\w+$/, "").replace(/[-_]+/g, " ");
      }
    };

    const point = (event) => {
      const frame = stage.getBoundingClientRect();
      move(
        ((event.clientX - frame.left) / frame.width) * 100,
        ((event.clientY - frame.top) / frame.height) * 100,
      );
    };

    // A finger on the image may be about to scroll: only a tap sets the point, and
    // only the mark is dragged.
    stage.addEventListener("click", (event) => {
      // A key pressed on the mark clicks too, nowhere.
      if (event.detail === 0) return;
      if (event.target !== mark) point(event);
      mark.focus({ preventScroll: true });
    });
    stage.addEventListener("dragstart", (event) => event.preventDefault());
    mark.addEventListener("pointerdown", (event) => {
      if (event.button === 0) mark.setPointerCapture(event.pointerId);
    });
    mark.addEventListener("pointermove", (event) => {
      if (mark.hasPointerCapture(event.pointerId)) point(event);
    });
    mark.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 10 : 1;
      const steps = {
        ArrowLeft: [-step, 0],
        ArrowRight: [step, 0],
        ArrowUp: [0, -step],
        ArrowDown: [0, step],
      }[event.key];
      if (!steps) return;
      event.preventDefault();
      move(Number(x.value) + steps[0], Number(y.value) + steps[1]);
    });
    for (const number of [x, y]) {
      number.addEventListener("input", () => picture && show());
    }
    chooser?.addEventListener("change", () => choose(chooser.files[0]));
    if (stored?.complete) take();
    else stored?.addEventListener("load", take, { once: true });
  };

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".picture-field").forEach(prepare);
  });
})();
