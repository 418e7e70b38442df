/* The button that publishes says when, as the server reads the form; with form.js. */
"use strict";

(() => {
  const box = document.querySelector(".publish-box");
  const button = box?.querySelector("button[data-later]");
  const day = button && document.getElementById(`id_${box.dataset.timeField}_0`);
  const time = button && document.getElementById(`id_${box.dataset.timeField}_1`);
  if (!day || !time) return;

  const { now, later, either } = button.dataset;
  const problem = document.createElement("span");
  problem.className = "moment-problem";
  problem.setAttribute("role", "status");
  day.closest("p").append(problem);

  desk.reserve(button, [now, either, later.replace("{}", "30 September 2026, 00:00 CEST")]);
  desk.followMoment(box.dataset.moment, day, time, box.dataset.stored, (answer) => {
    let label = either;
    if (answer && !answer.error) {
      label = answer.seconds > 0 ? later.replace("{}", answer.words) : now;
    }
    if (button.textContent !== label) button.textContent = label;
    problem.textContent = answer?.error || "";
  });
})();
