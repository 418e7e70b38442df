/* Keeps what is typed, on the server and meanwhile in this browser, and shows who else
   is here. Everything in the form stays as it is, whatever the server answers. */
"use strict";

(() => {
  const form = document.getElementById("article_form");
  const panel = document.querySelector(".editing");
  if (!form || !panel || !window.desk) return;

  const PAUSE = 2000; // after the last key
  const PAUSE_BESIDE_PREVIEW = 700;
  const AT_LEAST = 5000; // while somebody types on
  const HEARTBEAT = 10000;
  const PATIENCE = 20000;
  const MOST_AT_LEAVING = 60000; // what browsers send from a page that is gone

  const { user, autosave, key } = panel.dataset;
  const PREFIX = `desk:${user}:${key}:`;
  const now = () => Math.floor(performance.now());

  /* The window: the same one while it goes from form to form. */

  const WINDOW = "desk:window";
  let me = sessionStorage.getItem(WINDOW) || newWindow();

  function newWindow() {
    const id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) =>
      byte.toString(16).padStart(2, "0")).join("");
    sessionStorage.setItem(WINDOW, id);
    return id;
  }

  // A copied tab brings the number of the first: the lock tells them apart.
  function hold(id) {
    return new Promise((resolve) => {
      if (!navigator.locks) { resolve(true); return; }
      navigator.locks.request(`desk:${id}`, { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        return lock && new Promise(() => {});
      }).catch(() => resolve(true));
    });
  }

  async function openWindows() {
    if (!navigator.locks) return [];
    const { held } = await navigator.locks.query();
    return held.map((lock) => lock.name.replace("desk:", ""));
  }

  /* What stands in the form. */

  let serial = 0;
  const nextSerial = () => { serial = Math.max(serial + 1, Date.now()); return serial; };
  const editors = () => (window.CKEDITOR ? Object.values(window.CKEDITOR.instances) : []);

  function typed() {
    editors().forEach((editor) => { if (editor.status === "ready") editor.updateElement(); });
    return [...new FormData(form)].filter(
      ([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken",
    );
  }

  // All but the long texts, whose editors tell of changes themselves.
  function small() {
    const long = new Set(editors().map((editor) => editor.name));
    return JSON.stringify([...new FormData(form)].filter(
      ([name, value]) => typeof value === "string" && !long.has(name) &&
        !/^(csrfmiddlewaretoken|_window|_serial)$/.test(name),
    ));
  }

  /* Kept in this browser, until the server has it. */

  const place = () => PREFIX + me;
  let isLocal = false;

  function keepHere(pairs) {
    try {
      localStorage.setItem(place(), JSON.stringify({ serial: nextSerial(), pairs }));
      isLocal = true;
    } catch {
      isLocal = false;
    }
    return isLocal;
  }

  function forgetHere(id, upTo) {
    for (const [name, kept] of keptHere(`desk:${user}:`)) {
      if (name.endsWith(`:${id}`) && kept.serial <= upTo) localStorage.removeItem(name);
    }
  }

  function keptHere(prefix) {
    const found = [];
    for (const name of Object.keys(localStorage)) {
      if (!name.startsWith(prefix)) continue;
      try { found.push([name, JSON.parse(localStorage.getItem(name))]); } catch { /* not ours */ }
    }
    return found;
  }

  // The server says which report a save has made good.
  const saved = document.cookie.match(/(?:^|; )desk_saved=(\w+)\.(\d+)/);
  if (saved) forgetHere(saved[1], Number(saved[2]));

  /* What is said by the buttons. */

  const box = form.querySelector(".publish-box");
  const status = document.createElement("p");
  status.className = "kept-status";
  const words = document.createElement("span");
  words.setAttribute("role", "status");
  const time = document.createElement("time");
  const mine = document.createElement("button");
  mine.type = "button";
  mine.textContent = "Keep this window’s";
  mine.hidden = true;
  // The time alone is not read out, or it would be every few seconds.
  status.append(words, " ", time, " ", mine);
  if (box) box.append(status);

  function say(...what) { desk.afterPress(() => tell(...what)); }

  function tell(text, at = "", failed = false) {
    if (words.textContent !== text) words.textContent = text;
    time.textContent = at;
    status.classList.toggle("failed", failed);
  }

  const here = () => (isLocal
    ? "Your text is kept in this browser."
    : "Your text is only in this window: leave it open.");

  /* The form is locked while somebody else writes, or until it is decided what becomes of
     text that was not saved. */

  const locks = new Set();

  function lock(reason, on) {
    if (on) locks.add(reason); else locks.delete(reason);
    form.inert = locks.size > 0;
    form.classList.toggle("locked", form.inert);
    editors().forEach((editor) => {
      if (editor.status === "ready") editor.setReadOnly(form.inert);
    });
  }

  /* Reports to the server, one at a time. */

  let dirty = false; // more than the server has
  let changes = 0;
  let firstTouch = 0;
  let lastTouch = 0;
  let lastReport = 0;
  let hereTimer = null;
  let running = null;
  let submitting = false;
  let stopped = false;
  let insteadOf = panel.querySelector(".editing-offer") ? "" : panel.dataset.window;

  function touched() {
    if (form.inert) return;
    dirty = true;
    changes += 1;
    lastTouch = now();
    firstTouch = firstTouch || lastTouch;
    clearTimeout(hereTimer);
    hereTimer = setTimeout(() => keepHere(typed()), 400);
  }

  function report(pairs) {
    const data = new FormData();
    (pairs || []).forEach(([name, value]) => data.append(name, value));
    if (pairs) data.set("_typed", "1");
    data.set("_window", me);
    data.set("_serial", nextSerial());
    data.set("_who", user);
    if (insteadOf) data.set("_instead_of", insteadOf);
    if (!pairs) data.set("opened", form.elements.opened?.value ?? "");
    data.set("csrfmiddlewaretoken", token());
    return data;
  }

  // That of the present session, which may be younger than the form.
  function token() {
    const cookie = document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=(\w+)/);
    return cookie ? cookie[1] : form.elements.csrfmiddlewaretoken.value;
  }

  async function send() {
    const pairs = dirty ? typed() : null;
    const upTo = changes;
    const data = report(pairs);
    const sent = serial;
    if (pairs) firstTouch = 0;
    lastReport = now();
    const control = new AbortController();
    running = control;
    const limit = setTimeout(() => control.abort(), PATIENCE);
    let answer = null;
    try {
      answer = await fetch(autosave, {
        method: "POST", body: data, redirect: "manual", signal: control.signal,
      });
      if (answer.ok) take(await answer.json(), pairs, upTo, sent);
      else complain(answer, pairs);
    } catch {
      if (!submitting) complain(null, pairs);
    } finally {
      clearTimeout(limit);
      running = null;
    }
  }

  function complain(answer, pairs) {
    if (pairs) keepHere(pairs);
    if (answer === null) {
      if (dirty) say(`Not kept: no connection. ${here()}`, "", true);
    } else if (answer.type === "opaqueredirect" || answer.status === 401) {
      say(`You were signed out: sign in in another window. ${here()}`, "", true);
    } else if (answer.status === 403) {
      say(`Not kept: you can no longer change this. ${here()}`, "", true);
    } else if (answer.status === 404) {
      say(`Not kept: a colleague has deleted this. ${here()}`, "", true);
    } else if (dirty) {
      say(`Not kept: the server has a problem. ${here()}`, "", true);
    }
  }

  function take(answer, pairs, upTo, sent) {
    // The form can be saved again after a new sign-in.
    form.elements.csrfmiddlewaretoken.value = token();
    if (answer.serial > serial) serial = answer.serial;
    mine.hidden = answer.other === null || !dirty;
    if (answer.other && locks.has("offer")) {
      // The choice stands above the form.
    } else if (answer.other) {
      if (pairs) keepHere(pairs);
      mine.onclick = () => { insteadOf = answer.other.window; send(); };
      say(
        `You have this open in another window too, where you wrote at ${answer.other.at}. ` +
          (dirty ? here() : "Write in one of them."), "", dirty,
      );
    } else if (answer.kept) {
      insteadOf = "";
      if (changes === upTo) dirty = false;
      forgetHere(me, sent);
      say("Kept at", answer.kept);
      document.dispatchEvent(new Event("desk:kept"));
    } else if (!dirty && status.classList.contains("failed")) {
      say("");
    }
    people(answer);
  }

  /* Who else is here. */

  const list = panel.querySelector(".editing-people");
  const takeOver = panel.querySelector(".editing-take-over");
  let shown = null;

  function people(answer) { desk.afterPress(() => show(answer)); }

  function show({ colleagues, locked, saved }) {
    const lines = colleagues.map((other) => {
      if (other.took_over) {
        return [other.name, ` took over at ${other.took_over}. Your text is kept; ` +
          "saving will show both."];
      }
      if (other.writes) return [other.name, ` has been writing here since ${other.since}.`];
      return [other.name, " also has this open, but is not writing."];
    });
    if (saved) {
      lines.push([saved.name, ` saved this at ${saved.at}, after you opened it. ` +
        "Saving will show both texts."]);
    }
    const text = JSON.stringify(lines);
    if (text !== shown) {
      shown = text;
      list.replaceChildren(...lines.map(([name, rest]) => {
        const line = document.createElement("p");
        const who = document.createElement("strong");
        who.textContent = name;
        line.append(who, rest);
        return line;
      }));
    }
    // Who has text here is told and not stopped.
    const wasLocked = locks.has("colleague");
    const isLocked = locked && !dirty;
    if (wasLocked && !isLocked) {
      // The other has gone, and may have saved.
      location.replace(location.href);
      return;
    }
    lock("colleague", isLocked);
    if (takeOver) takeOver.hidden = !isLocked;
  }

  /* When. */

  let known = "";

  function look() {
    if (submitting || stopped || running) return;
    const open = document.querySelector(".live-preview[open]");
    const pause = open ? PAUSE_BESIDE_PREVIEW : PAUSE;
    const rested = now() - lastTouch >= pause || now() - firstTouch >= AT_LEAST;
    const failed = status.classList.contains("failed") && now() - lastReport < 5000;
    if (dirty && firstTouch && rested && !failed) send();
    else if (dirty && !firstTouch && now() - lastReport >= AT_LEAST) send();
    else if (now() - lastReport >= HEARTBEAT) send();
  }

  // The calendar and other widgets set values without an event.
  function compare() {
    const fields = small();
    if (fields !== known && !submitting) touched();
    known = fields;
  }

  function watch(editor) {
    editor.on("change", () => { if (editor.checkDirty()) touched(); });
    if (editor.status === "ready") editor.setReadOnly(form.inert);
    else editor.on("instanceReady", () => editor.setReadOnly(form.inert));
  }

  function leave() {
    if (submitting || stopped) return;
    const pairs = dirty ? typed() : null;
    if (pairs) keepHere(pairs);
    let data = report(pairs);
    const length = (pairs || []).reduce((sum, [name, value]) =>
      sum + new Blob([name, value]).size + 150, 0);
    if (length > MOST_AT_LEAVING) data = report(null);
    data.set("_leaves", "1");
    navigator.sendBeacon(autosave, data);
  }

  // These lead back here: nobody leaves.
  panel.addEventListener("submit", (event) => {
    stopped = true;
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "_window", value: me });
    event.target.append(field);
  });
  form.addEventListener("input", touched);
  form.addEventListener("change", touched);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && dirty && !running && !submitting && !stopped) send();
  });
  window.addEventListener("online", () => { lastReport = -HEARTBEAT; });
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) { submitting = false; lastReport = -HEARTBEAT; }
  });
  form.addEventListener("submit", () => {
    clearTimeout(hereTimer);
    if (running) running.abort();
    if (dirty) keepHere(typed());
    submitting = true;
    // What was sent before no longer counts when this is saved.
    for (const [name, value] of [["_window", me], ["_serial", nextSerial()]]) {
      let field = form.elements[name];
      if (!field) {
        field = document.createElement("input");
        field.type = "hidden";
        field.name = name;
        form.append(field);
      }
      field.value = value;
    }
    // Where saving does not leave the page, as with no connection.
    setTimeout(() => { submitting = false; }, 15000);
  });

  /* Text that only this browser has. */

  async function offerHere() {
    const open = await openWindows();
    const slot = Number(panel.dataset.serial);
    const found = keptHere(PREFIX)
      .map(([name, kept]) => ({ name, id: name.slice(PREFIX.length), ...kept }))
      .filter(({ id, serial }) => (id === me || !open.includes(id)) &&
        (id !== panel.dataset.slot || serial > slot))
      .sort((a, b) => b.serial - a.serial);
    if (found.length) offer(found[0]);
  }

  function offer({ name, serial, pairs }) {
    const at = new Intl.DateTimeFormat("en-GB", {
      dateStyle: "long", timeStyle: "medium",
    }).format(new Date(serial));
    const section = document.createElement("section");
    section.className = "editing-offer";
    section.innerHTML =
      '<h2 id="unsaved-here">This browser kept what you typed</h2><p></p>' +
      '<div class="submit-row"><button type="button" class="default">Restore it' +
      '</button><button type="button">Discard</button></div>';
    section.setAttribute("aria-labelledby", "unsaved-here");
    section.querySelector("p").textContent =
      `You typed it on ${at}. It has not reached the server.`;
    const [back, away] = section.querySelectorAll("button");
    back.addEventListener("click", () => {
      const post = document.createElement("form");
      post.method = "post";
      post.hidden = true;
      const fields = pairs.filter(([field]) => !["_window", "_serial"].includes(field));
      for (const [field, value] of [
        ...fields, ["csrfmiddlewaretoken", token()], ["_resume", "1"],
        ["_window", me],
      ]) {
        // A text field would drop the ends of lines.
        const input = document.createElement("textarea");
        input.name = field;
        input.value = value;
        post.append(input);
      }
      stopped = true;
      document.body.append(post);
      post.submit();
    });
    away.addEventListener("click", () => {
      localStorage.removeItem(name);
      section.remove();
      lock("offer", panel.querySelector(".editing-offer") !== null);
      offerHere();
    });
    panel.prepend(section);
    lock("offer", true);
  }

  /* Begin. */

  async function begin() {
    if (!(await hold(me))) { me = newWindow(); await hold(me); }
    lock("colleague", "locked" in panel.dataset);
    lock("offer", panel.querySelector(".editing-offer") !== null);
    editors().forEach(watch);
    if (window.CKEDITOR) window.CKEDITOR.on("instanceCreated", ({ editor }) => watch(editor));
    // A form that comes back filled in is not saved.
    if (document.querySelector(".errornote")) touched();
    else await offerHere();
    // Widgets fill in what they need while the page settles.
    setTimeout(() => { known = small(); setInterval(compare, 1000); }, 1000);
    setInterval(look, 250);
    lastReport = now();
    if (!dirty) send();
  }

  if ("reads" in panel.dataset) return;
  if (document.readyState === "complete") begin();
  else window.addEventListener("load", begin);
})();
