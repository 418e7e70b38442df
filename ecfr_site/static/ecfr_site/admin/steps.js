/* The button that publishes says when, as the time in the form says; with form.js. */
"use strict";

(function () {
  const box = document.querySelector(".publish-box");
  const button = box && box.querySelector("button[data-later]");
  const day = button && document.getElementById(`id_${box.dataset.timeField}_0`);
  const time = button && document.getElementById(`id_${box.dataset.timeField}_1`);
  if (!day || !time) return;

  function say() {
    const moment = desk.moment(box.dataset.timeZone, day.value, time.value);
    const label = moment
      ? button.dataset.later.replace("{}", moment)
      : button.dataset.now;
    if (button.textContent !== label) button.textContent = label;
  }

  // The calendar and clock set values without an event, so look now and then.
  say();
  setInterval(say, 500);
})();
