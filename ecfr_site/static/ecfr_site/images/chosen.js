/* Beside the choice of an image: shows the chosen one, and fills its alternative text
   from the library in. What an editor typed stays. */
(() => {
  "use strict";

  const NOTHING = { alt: "", thumbnail: "" };

  const placeFor = (select) => {
    const own = document.querySelector(".field-lead_thumbnail .readonly");
    if (own && select.id === "id_image") return own;
    const place = document.createElement("div");
    place.className = "chosen-image";
    select.closest(".form-row").append(place);
    return place;
  };

  const prepare = (select) => {
    const place = placeFor(select);
    const alt = document.getElementById(`${select.id}_alt`);
    const decorative = document.getElementById(`${select.id}_decorative`);
    // The text that the library offered for the image before.
    let offered = "";
    let asked = 0;

    const detailsOf = async (pk) => {
      if (!pk) return NOTHING;
      const answer = await fetch(select.dataset.chosenImage.replace("/0/", `/${pk}/`));
      // After the end of the session the answer is the page for signing in.
      return answer.ok && !answer.redirected ? answer.json() : NOTHING;
    };

    const fill = (text) => {
      if (!alt || decorative?.checked) return;
      if (alt.value.trim() !== "" && alt.value !== offered) return;
      if (alt.value === text) return;
      alt.value = text;
      for (const name of ["input", "change"]) {
        alt.dispatchEvent(new Event(name, { bubbles: true }));
      }
    };

    const show = async (isOther) => {
      const number = ++asked;
      const image = await detailsOf(select.value);
      // Another may have been chosen meanwhile.
      if (number !== asked) return;
      place.innerHTML = image.thumbnail || "–";
      if (isOther) fill(image.alt);
      offered = image.alt;
    };

    show(false);
    // select2 and the pop-ups tell jQuery only.
    window.django.jQuery(select).on("change", () => show(true));
  };

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("select[data-chosen-image]").forEach(prepare);
  });
})();
