// A button to print the recovery codes, where there is something to print with.
(() => {
  "use strict";

  const button = document.getElementById("print-codes");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
