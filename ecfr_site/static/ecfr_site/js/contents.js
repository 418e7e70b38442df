// Marks in the list of contents where one reads, also in browsers whose style sheets
// cannot (:target-current). Without it the list leads as well.

const NEAR_THE_TOP = 120; // px

const links = [...document.querySelectorAll(".contents a")];
const headings = links.map((link) =>
  document.getElementById(decodeURIComponent(link.hash.slice(1))),
);
let marked;
let waiting;

function mark() {
  waiting = undefined;
  const passed = (heading) => heading?.getBoundingClientRect().top < NEAR_THE_TOP;
  const link = links[headings.findLastIndex(passed)];
  if (link === marked) return;
  marked?.removeAttribute("aria-current");
  link?.setAttribute("aria-current", "true");
  marked = link;
}

function markSoon() {
  if (!waiting) waiting = requestAnimationFrame(mark);
}

addEventListener("scroll", markSoon, { passive: true });
mark();
