// A list below a search field while somebody types: the first of what the search would
// find. The page works without it. Keys and roles are those of the ARIA combobox with a
// list (WAI-ARIA Authoring Practices: "Editable Combobox With List Autocomplete").

const PAUSE = 200;
const SHORTEST = 3;

class Suggestions {
  constructor(input) {
    this.input = input;
    this.asked = "";
    this.list = Object.assign(document.createElement("ul"), { id: `${input.id}-list` });
    this.list.className = "suggestions";
    this.list.hidden = true;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Suggestions");
    this.status = Object.assign(document.createElement("span"), { className: "hidden" });
    this.status.setAttribute("role", "status");
    input.after(this.list, this.status);
    input.autocomplete = "off";
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", this.list.id);
    this.close();
    input.addEventListener("input", () => this.wait());
    input.addEventListener("keydown", (event) => this.press(event));
    input.addEventListener("blur", () => this.close());
    // The field keeps the focus while the list is pressed on.
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.open(option);
    });
  }

  wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  async ask() {
    const text = this.input.value.trim();
    this.asked = text;
    if (text.length < SHORTEST) return this.close();
    const address = new URL(this.input.form.action, location.href);
    address.search = new URLSearchParams({ q: text, list: "1" });
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      // A later question may have been answered by now.
      if (answer.ok && this.asked === text) this.show(await answer.text());
    } catch {
      this.close();
    }
  }

  show(html) {
    this.list.innerHTML = html;
    this.options.forEach((option, place) => {
      option.id = `${this.list.id}-${place}`;
    });
    const count = this.options.length;
    if (!count || document.activeElement !== this.input) return this.close();
    this.mark(null);
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.status.textContent = `${count} suggestion${count === 1 ? "" : "s"}`;
  }

  close() {
    this.asked = "";
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
    this.status.textContent = "";
  }

  get options() {
    return [...this.list.querySelectorAll("[role=option]")];
  }

  get marked() {
    return this.list.querySelector("[aria-selected=true]");
  }

  mark(option) {
    this.marked?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  move(step) {
    const { options } = this;
    // One place more than options: the field itself.
    const places = options.length + 1;
    const place = (options.indexOf(this.marked) + 1 + step + places) % places;
    this.mark(options[place - 1] ?? null);
  }

  press(event) {
    if (this.list.hidden) {
      if (event.key === "ArrowDown") this.ask();
      return;
    }
    if (event.key === "ArrowDown") this.move(1);
    else if (event.key === "ArrowUp") this.move(-1);
    else if (event.key === "Escape") this.close();
    else if (event.key === "Enter" && this.marked) this.open(this.marked);
    else return;
    event.preventDefault();
  }

  open(option) {
    location.assign(option.dataset.href);
  }
}

for (const input of document.querySelectorAll("form[role=search] input[type=search]")) {
  new Suggestions(input);
}
