// Keeps the list live: fetches the same fragment the server rendered, swaps it when it differs.
"use strict";
const EVERY_MS = 2000;

async function refresh() {
  const list = document.getElementById("list");
  const source = list && list.dataset.live;
  if (!source || document.hidden || list.contains(document.activeElement)) return;
  try {
    const response = await fetch(source, { cache: "no-store" });
    if (!response.ok) return;
    const next = document.createElement("template");
    next.innerHTML = await response.text();
    const fresh = next.content.getElementById("list");
    if (fresh && fresh.outerHTML !== list.outerHTML) list.replaceWith(fresh);
  } catch (error) {
    // The mailbox is being restarted: what is shown stays, the next round asks again.
  }
}

setInterval(refresh, EVERY_MS);
