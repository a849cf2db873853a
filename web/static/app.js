// Small things; every page works without them.
"use strict";

// 1. Tell the page that something changed: one stream, and each part refetches itself.
function listen() {
  const address = document.body.dataset.events;
  if (!address || !window.EventSource) return;
  const source = new EventSource(address);
  source.addEventListener("cases", () => htmx.trigger(document.body, "cc:cases"));
  window.addEventListener("pagehide", () => source.close(), { once: true });
}

// 2. Say so when there is no network; what is shown stays.
function watchNetwork() {
  const line = document.querySelector(".offline");
  if (!line) return;
  const show = (offline) => { line.hidden = !offline; };
  window.addEventListener("offline", () => show(true));
  window.addEventListener("online", () => show(false));
  document.body.addEventListener("htmx:sendError", () => show(true));
  document.body.addEventListener("htmx:timeout", () => show(true));
  document.body.addEventListener("htmx:afterOnLoad", (event) => {
    show(false);
    if (event.detail.successful) document.getElementById("notice").replaceChildren();
  });
}

// 3. Fill the preview while somebody writes. Each time in a frame of its own, so that "back" leaves
// the page and not a preview.
function showPreview(button) {
  const old = document.querySelector("iframe[name=preview]");
  const next = old.cloneNode(false);
  old.removeAttribute("name");
  next.classList.add("coming");
  next.addEventListener("load", () => {
    next.classList.remove("coming");
    for (const each of document.querySelectorAll(".stage iframe")) if (each !== next) each.remove();
  });
  old.after(next);
  button.form.requestSubmit(button);
}

function watchForm() {
  const button = document.querySelector("button[data-preview]");
  if (!button) return;
  let waiting;
  const soon = (delay) => { clearTimeout(waiting); waiting = setTimeout(showPreview, delay, button); };
  button.form.addEventListener("input", () => soon(400));
  for (const each of button.form.elements) if (each.type === "radio") each.addEventListener("change", () => soon(0));
  button.hidden = true;
  soon(0);
}

// 4. Keep "3 hours ago" true while the page is open (not in a rehearsal: its days are minutes).
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

function relative(seconds) {
  const distance = Math.abs(seconds);
  for (const [unit, length] of UNITS) {
    const count = Math.floor(distance / length);
    if (count === 0) continue;
    const words = `${count} ${unit}${count > 1 ? "s" : ""}`;
    return seconds < 0 ? `${words} ago` : `in ${words}`;
  }
  return seconds < 0 ? "just now" : "now";
}

function tick() {
  for (const element of document.querySelectorAll("time[data-relative]")) {
    const words = relative((Date.parse(element.dateTime) - Date.now()) / 1000);
    if (element.textContent !== words) element.textContent = words;
  }
}

// 5. Copy what is there to be copied.
function offerCopies() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent.trim());
      button.textContent = "Copied";
    });
  }
}

// 6. A part does not refetch itself while somebody chooses in it.
function keepCalm() {
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const part = event.detail.elt, at = document.activeElement;
    if (part.matches("[data-calm]") && part.contains(at) && at.matches("select, input")) {
      event.preventDefault();
    }
  });
}

document.addEventListener("DOMContentLoaded", () => {
  offerCopies();
  listen();
  keepCalm();
  watchNetwork();
  watchForm();
  setInterval(tick, 30000);
});

// "Back to the cases" goes back to the very place one came from, if one came from there.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-back]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const from = document.referrer && new URL(document.referrer);
  if (!from || from.origin !== location.origin || from.pathname !== "/cases") return;
  event.preventDefault();
  history.back();
});
