// ChargeChase in your app, version 1. Frozen, so that integrity= holds: what is new becomes version 2.
// Whatever goes wrong here, your page goes on as if this were not there.
(() => {
  "use strict";
  const script = document.currentScript;
  const NAMES = ["merchant", "customer", "signature", "expires", "language", "preview"];
  const WAIT_MS = 3000, DAY_MS = 864e5;
  const CSS = `
    :host { all: initial !important; display: block !important;
      --ink: #1a1d19; --paper: #ffffff; --muted: #5d635b; --line: #c9ccc3; }
    * { box-sizing: border-box; margin: 0; }
    section, dialog { font: 400 16px/1.45 system-ui, sans-serif; color: var(--ink);
      background: var(--paper); border: 1px solid var(--line); overflow-wrap: anywhere; }
    section { position: fixed; z-index: 2147483647; inset: auto 16px 16px; max-width: 640px;
      margin-inline: auto; padding: 12px 12px 12px 20px; border-radius: 12px; display: flex;
      gap: 8px 16px; align-items: center; box-shadow: 0 4px 24px #0003; }
    section p { flex: 1; }
    dialog { inline-size: min(420px, calc(100vw - 32px)); max-block-size: calc(100dvh - 32px);
      margin: auto; padding: 28px; border-radius: 16px; overflow: auto; }
    dialog::backdrop { background: #121411a0; }
    dialog.hard::backdrop { background: #121411e4; }
    h2 { font-size: 20px; font-weight: 600; line-height: 1.3; }
    dialog p { margin-top: 8px; color: var(--muted); }
    .sum { font-size: 28px; font-weight: 600; color: var(--ink); }
    .ways { display: grid; gap: 8px; margin-top: 20px; }
    a, button { font: inherit; font-weight: 600; display: inline-flex; align-items: center;
      justify-content: center; min-height: 44px; padding: 8px 16px; border-radius: 8px;
      cursor: pointer; text-decoration: none; }
    a { background: var(--ink); color: var(--paper); border: 1px solid transparent; }
    button { background: none; color: var(--ink); border: 1px solid var(--line); }
    section button { min-width: 44px; padding: 0; border: 0; font-size: 24px; font-weight: 400; }
    :focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }
    @media (max-width: 480px) { section { flex-wrap: wrap; padding-inline-start: 16px; }
      section p { flex-basis: calc(100% - 76px); } section a { order: 1; width: 100%; } }
    @media (prefers-color-scheme: dark) { :host { --ink: #e8ebe5; --paper: #1d201c;
      --muted: #a1a89e; --line: #40463f; } }
    @media (prefers-reduced-motion: no-preference) { section, dialog { animation: in .15s; }
      @keyframes in { from { opacity: 0; } } }`;
  let host = null, kind = "", asked = 0;

  const quietly = (act) => { try { return act(); } catch { return undefined; } };
  const place = () => `chargechase.closed.${kind}.${script.dataset.customer || ""}`;
  const closedToday = () => Date.now() - (quietly(() => localStorage.getItem(place())) || 0) < DAY_MS;

  const element = (tag, textContent, more) =>
    Object.assign(document.createElement(tag), { textContent }, more);

  function remove() {
    const old = host;
    host = null;
    quietly(() => old.shadowRoot.querySelector("dialog").close());
    quietly(() => old.remove());
  }

  function putOff() {
    quietly(() => localStorage.setItem(place(), Date.now()));
    remove();
  }

  const way = (said) => element("a", said.button,
    { href: said.link, target: "_blank", rel: "noopener noreferrer" });

  function banner(said) {
    const bar = element("section", "");
    bar.setAttribute("aria-label", said.label);
    const close = element("button", "\u00d7", { type: "button", onclick: putOff });
    close.setAttribute("aria-label", said.close);
    bar.append(element("p", said.title), way(said), close);
    return bar;
  }

  function wall(said) {
    const hard = kind === "hard", box = element("dialog", "", { className: kind });
    const named = { role: "alertdialog", "aria-labelledby": "title", "aria-describedby": "text" };
    for (const name in named) box.setAttribute(name, named[name]);
    const ways = element("div", "", { className: "ways" });
    ways.append(way(said));
    if (!hard) ways.append(element("button", said.later, { type: "button", onclick: putOff }));
    box.append(element("h2", said.title, { id: "title" }));
    if (said.amount) box.append(element("p", said.amount, { className: "sum" }));
    box.append(element("p", said.text, { id: "text" }), ways);
    box.addEventListener("cancel", (event) => {
      event.preventDefault();
      if (!hard) putOff();
    });
    box.addEventListener("close", () => { if (host) quietly(() => box.showModal()); });
    return box;
  }

  function show(said) {
    remove();
    kind = said.show;
    // Never a wall without a way out.
    if (!["banner", "soft", "hard"].includes(kind) || !/^https?:/.test(said.link)) return;
    if (kind !== "hard" && closedToday()) return;
    const made = element("div", "", { lang: said.language });
    const root = made.attachShadow({ mode: "open" }), sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
    root.adoptedStyleSheets = [sheet];
    const shown = kind === "banner" ? banner(said) : wall(said);
    root.append(shown);
    document.body.append(made);
    host = made;
    if (shown.showModal) shown.showModal();
  }

  async function ask() {
    asked = Date.now();
    const address = new URL("v1/standing", script.src);
    for (const name of NAMES) {
      if (script.dataset[name]) address.searchParams.set(name, script.dataset[name]);
    }
    try {
      const answer = await fetch(address, {
        credentials: "omit", referrerPolicy: "no-referrer", signal: AbortSignal.timeout(WAIT_MS),
      });
      show(await answer.json());
    } catch {
      quietly(remove);
    }
  }

  // Back from where one pays: perhaps it is settled.
  document.addEventListener("visibilitychange", () => {
    if (host && !document.hidden && Date.now() - asked > 2000) ask();
  });
  if (document.body) ask();
  else document.addEventListener("DOMContentLoaded", ask);
})();
