// Keeps a page true while somebody looks: asks for it again, and puts in what differs.
// Without this script everything works; one reloads by hand.
"use strict";
(() => {
  const EVERY = 700; // a change shows within a second
  const CALM = 5000; // nobody touched the page for a while
  const CALM_AFTER = 600000;
  const SLOWEST = 15000; // while the console does not answer
  const body = document.body;
  const stale = document.getElementById("stale");
  let tag = body.dataset.tag, skew = 0, failures = 0, timer = 0, asking = false, touched = Date.now();

  const units = [[86400, "d", 3600, "h"], [3600, "h", 60, "min"], [60, "min", 1, "s"]];
  function span(seconds) {
    for (const [size, name, part, partName] of units)
      if (seconds >= size) {
        const rest = Math.floor((seconds % size) / part);
        return Math.floor(seconds / size) + " " + name + (rest ? " " + rest + " " + partName : "");
      }
    return seconds + " s";
  }
  function relative(seconds) {
    let size = Math.abs(seconds);
    if (size < 2) return seconds <= 0 ? "just now" : "in a moment";
    if (size >= 172800) size -= size % 86400;
    else if (size >= (seconds > 0 ? 600 : 60)) size -= size % 60;
    return seconds > 0 ? "in " + span(size) : span(size) + " ago";
  }
  function setClock() { skew = Date.parse(body.dataset.now) - Date.now(); }
  function tellTimes() {
    const now = Date.now() + skew;
    for (const time of document.querySelectorAll("time[data-relative], time[data-elapsed]")) {
      const seconds = Math.trunc((Date.parse(time.dateTime) - now) / 1000);
      const text = "elapsed" in time.dataset ? span(Math.max(0, -seconds)) : relative(seconds);
      if (time.textContent !== text) time.textContent = text;
    }
  }

  // Makes `old` like `next` while keeping what a person did: focus, open details, typed text.
  function match(old, next) {
    if (old.isEqualNode(next)) return;
    if (old.nodeName !== next.nodeName || (old.id || "") !== (next.id || "")) return old.replaceWith(next);
    if (old.nodeType !== Node.ELEMENT_NODE) { old.nodeValue = next.nodeValue; return; }
    if ("still" in old.dataset) return;
    const kept = old.nodeName === "DETAILS" ? "open" : "";
    for (const { name } of [...old.attributes])
      if (name !== kept && !next.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of [...next.attributes])
      if (name !== kept && old.getAttribute(name) !== value) old.setAttribute(name, value);
    matchChildren(old, next);
  }
  function matchChildren(old, next) {
    let at = old.firstChild;
    for (const want of [...next.childNodes]) {
      let have = at;
      if (want.id) have = [...old.children].find((child) => child.id === want.id) || null;
      else if (have && have.id) have = null;
      if (!have) { old.insertBefore(want, at); continue; }
      if (have === at) at = at.nextSibling;
      else old.insertBefore(have, at);
      match(have, want);
    }
    while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
  }
  function swap(page) {
    const logs = [...document.querySelectorAll("[data-follow]")].filter(atEnd);
    for (const region of document.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(region.id);
      if (fresh) matchChildren(region, fresh);
    }
    for (const log of logs) log.scrollTop = log.scrollHeight;
    showPicks();
    document.title = page.title;
    body.dataset.now = page.body.dataset.now;
    setClock();
    tellTimes();
  }
  function atEnd(log) { return log.scrollHeight - log.scrollTop - log.clientHeight < 32; }

  function say(text) { stale.textContent = text; stale.hidden = !text; }
  async function ask() {
    timer = 0;
    if (asking || document.hidden) return;
    asking = true;
    try {
      const headers = { "X-Rota-Live": "1" };
      if (tag) headers["If-None-Match"] = '"' + tag + '"';
      const answer = await fetch(location.href, { headers, redirect: "manual", cache: "no-store" });
      if (answer.type === "opaqueredirect") return say("You are signed out. Reload the page to sign in again.");
      if (answer.status !== 304 && !answer.ok) throw new Error(String(answer.status));
      if (answer.status !== 304) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        tag = page.body.dataset.tag;
        swap(page);
      }
      if (failures) say("");
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures > 1) say("The console does not answer: what you see may be old. Trying again.");
    } finally {
      asking = false;
    }
    plan();
  }
  function plan() {
    clearTimeout(timer);
    const calm = Date.now() - touched > CALM_AFTER ? CALM : EVERY;
    timer = setTimeout(ask, Math.min(SLOWEST, calm * 2 ** Math.min(failures, 5)));
  }

  async function fetched(address) {
    const answer = await fetch(address, { headers: { "X-Rota-Live": "1" }, redirect: "manual" });
    if (!answer.ok) throw new Error(String(answer.status));
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }

  // The palette is the page /go in a dialog. Its entries are links and forms; this moves among them.
  const opener = document.querySelector(".goto");
  let dialog = null;
  async function openPalette() {
    if (dialog && dialog.open) return dialog.close();
    let page;
    try { page = await fetched(opener.href); } catch { location.href = opener.href; return; }
    if (!dialog) {
      dialog = body.appendChild(document.createElement("dialog"));
      dialog.className = "over";
      dialog.setAttribute("aria-label", "Go to, or do");
      dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
      dialog.addEventListener("input", filterPalette);
      dialog.addEventListener("keydown", movePalette);
      dialog.addEventListener("submit", (event) => { if (event.target.method === "get") event.preventDefault(); });
    }
    dialog.replaceChildren(page.getElementById("palette"));
    dialog.showModal();
    dialog.querySelector("input").focus();
    filterPalette();
  }
  let paletteWait = 0;
  function filterPalette() {
    clearTimeout(paletteWait);
    if (dialog.querySelector("[data-some]")) paletteWait = setTimeout(askPalette, 120);
    const words = dialog.querySelector("input").value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const entry of dialog.querySelectorAll("li")) {
      const label = entry.textContent.toLowerCase();
      entry.hidden = !words.every((word) => label.includes(word));
      if (!entry.hidden) shown += 1;
    }
    dialog.querySelector("#palette-none").hidden = shown > 0;
  }
  // The server looks for what was typed.
  async function askPalette() {
    const search = dialog.querySelector("input"), asked = search.value;
    try {
      const page = await fetched(opener.href + "?q=" + encodeURIComponent(asked));
      if (search.value === asked) dialog.querySelector("ul").replaceWith(page.querySelector("#palette ul"));
    } catch { say("The console does not answer. Trying again when you type."); }
  }
  function movePalette(event) {
    const search = dialog.querySelector("input");
    const entries = [...dialog.querySelectorAll("li:not([hidden]) :is(a, button)")];
    const place = entries.indexOf(document.activeElement);
    if (event.key === "Enter" && event.target === search && entries[0]) {
      event.preventDefault();
      const reason = entries[0].parentNode.querySelector("input[required]");
      if (reason) reason.focus(); else entries[0].click();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !entries.length) return;
    event.preventDefault();
    (place + step < 0 ? search : entries[Math.min(place + step, entries.length - 1)]).focus();
  }

  // A form whose preview the server makes: asked again while one types.
  for (const form of document.querySelectorAll("form[data-preview]")) {
    let wait = 0, asked = 0;
    form.addEventListener("input", () => {
      clearTimeout(wait);
      wait = setTimeout(async () => {
        const mine = ++asked;
        const query = new URLSearchParams(new FormData(form));
        try {
          const page = await fetched(location.pathname + "?" + query);
          const [old, fresh] = [document, page].map((from) => from.getElementById(form.dataset.preview));
          if (mine === asked) matchChildren(old, fresh);
        } catch { say("The preview could not be made. Trying again when you type."); }
      }, 150);
    });
  }

  const keys = { d: "", t: "tasks", r: "runs", f: "failures", q: "queues", w: "workers", h: "health", p: "panels", a: "audit" };
  let went = 0;
  function shortcut(event) {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && opener) {
      event.preventDefault();
      return openPalette();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input:not([type=checkbox], [type=radio]), select, textarea")) return;
    const search = document.querySelector("main [type=search]");
    if (event.key === "/" && search) { event.preventDefault(); search.focus(); }
    else if (event.key === "g") went = Date.now();
    else if (opener && event.key in keys && Date.now() - went < 1500) location.href = document.querySelector(".brand").href + keys[event.key];
  }

  function showPicks() {
    for (const all of document.querySelectorAll(".pick-all")) all.hidden = false;
  }
  addEventListener("change", (event) => {
    if (!event.target.matches(".pick-all")) return;
    for (const box of document.querySelectorAll(".pick [name=run]")) box.checked = event.target.checked;
  });

  for (const mine of document.querySelectorAll("[value=mine]"))
    mine.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "mine";
  setClock();
  tellTimes();
  showPicks();
  addEventListener("keydown", shortcut);
  if (opener) opener.addEventListener("click", (event) => { event.preventDefault(); openPalette(); });
  setInterval(tellTimes, 1000);
  for (const log of document.querySelectorAll("[data-follow]")) log.scrollTop = log.scrollHeight;
  for (const kind of ["pointerdown", "keydown", "scroll", "pointermove"])
    addEventListener(kind, () => { touched = Date.now(); }, { passive: true, capture: true });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") for (const open of document.querySelectorAll(":is(.me, .more, .pop)[open]")) open.open = false;
  });
  addEventListener("click", (event) => {
    for (const open of document.querySelectorAll(":is(.me, .more, .pop)[open]"))
      if (!open.contains(event.target)) open.open = false;
  });
  if (document.querySelector("[data-live]")) {
    document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : ask()));
    plan();
  }
})();
