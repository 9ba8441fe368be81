// Parlor's loader: the only thing a host page carries until its visitor wants to chat.
//
// It draws a launcher button. The chat itself (an iframe from Parlor's own origin) is fetched on intent: hover,
// focus or tap of the launcher or of a `data-parlor-open` link, or a call of `Parlor("open")`. It sets no cookie,
// touches no storage and moves nothing on the page. The host page is foreign ground: its scripts can read all that is
// here, so nothing but the widget's public settings may ever be rendered into this file.
(() => {
  "use strict";

  // The server puts the widget's public settings here, as a JSON object.
  const { key, origin, name, accent, greeting, position } = __PARLOR_WIDGET__;

  const warn = (text) => console.warn("Parlor: " + text);

  const tagged = document.currentScript?.dataset.widget;
  if (tagged && tagged !== key) {
    warn(`the script tag says data-widget="${tagged}", the script is that of "${key}"; going on with "${key}".`);
  }

  // A second copy (a tag manager beside a template, say) leaves the first one in charge.
  const earlier = window.Parlor;
  if (earlier?.widget) {
    if (earlier.widget !== key) warn(`widget "${earlier.widget}" is on this page already; "${key}" stays away.`);
    return;
  }

  const address = `${origin}/widget/${encodeURIComponent(key)}`;
  const PATIENCE_MS = 10_000;
  const INTENT = "parlor-chat,[data-parlor-open]";

  let frame; // The iframe, once there was intent.
  let ready = false; // The document in the iframe has said so.
  let opened = false;
  let unread = 0;
  let hubspotutk;
  let campaign = {};
  let proof; // The token of the site's server that was exchanged last.
  let turn = 0; // Grows with every identify and reset: an answer that belongs to an earlier one is dropped.
  let resets = 0;
  const handlers = { open: [], close: [], unread: [], ready: [], identified: [], error: [] };

  // ---- What is drawn ----------------------------------------------------------------------------------------------

  // Nodes are made one by one: a host page with Trusted Types forbids innerHTML.
  const element = (tag, attributes, ...children) => {
    const node = /^(svg|path)$/.test(tag)
      ? document.createElementNS("http://www.w3.org/2000/svg", tag)
      : document.createElement(tag);
    for (const attribute in attributes) node.setAttribute(attribute, attributes[attribute]);
    node.append(...children);
    return node;
  };
  const icon = (path) => element("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, element("path", { d: path }));
  const CROSS = "M6 6l12 12M18 6L6 18";

  const launcher = element(
    "button",
    {
      type: "button",
      class: "launcher",
      "aria-label": "Chat",
      "aria-expanded": "false",
      "aria-controls": "panel",
      "aria-describedby": "badge hint",
    },
    icon("M12 4c5 0 9 3.1 9 7s-4 7-9 7c-1 0-2-.1-2.9-.4L4.5 20l1-3.7C3.9 15 3 13.1 3 11c0-3.9 4-7 9-7z"),
    icon(CROSS),
  );
  // A live region, so that a screen reader hears of new messages while the panel is closed.
  const badge = element("span", { id: "badge", class: "badge", role: "status" });
  const hint = element("span", { id: "hint", class: "hint", role: "tooltip" }, greeting);
  const dismiss = element("button", { type: "button", class: "dismiss", "aria-label": "Close chat" }, icon(CROSS));
  const spinner = element("i", { class: "spinner" });
  const notice = element("p", { role: "status" });
  const cover = element(
    "div",
    { class: "cover" },
    element("header", {}, element("b", {}, name), dismiss),
    spinner,
    notice,
  );
  // Focusable by script alone: focus waits here, where Escape works, until the iframe can take it.
  const panel = element("div", { id: "panel", class: "panel", role: "dialog", "aria-label": "Chat", tabindex: "-1" }, cover);
  panel.inert = true;

  const host = element("parlor-chat", {});
  const root = host.attachShadow({ mode: "open" });
  root.append(launcher, hint, badge, panel);

  // A constructed sheet is allowed where the page's CSP has no 'unsafe-inline'. The `!important` of a `:host` rule
  // wins over whatever the page says of unknown elements; `all` leaves `direction` alone, so right-to-left is kept.
  const side = position === "start" ? "start" : "end";
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
:host{all:initial!important;position:fixed!important;inset:0 auto auto 0!important;z-index:2147483000!important;color-scheme:light dark!important;
--edge:max(20px,env(safe-area-inset-left),env(safe-area-inset-right));--floor:calc(20px + env(safe-area-inset-bottom))}
*{box-sizing:border-box;font:15px/1.45 system-ui,sans-serif}
button{display:grid;place-items:center;padding:0;border:2px solid transparent;border-radius:50%;background:none;color:inherit;cursor:pointer}
button:focus-visible,a:focus-visible{outline:3px solid #fff;box-shadow:0 0 0 6px #16181d}
svg{grid-area:1/1;width:30px;height:30px;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.launcher,.hint,.badge,.panel{position:fixed;inset-inline-${side}:var(--edge);inset-block-end:var(--floor)}
.launcher{width:56px;height:56px;background:var(--accent);color:var(--ink);box-shadow:0 4px 16px #0005;-webkit-tap-highlight-color:transparent}
.launcher[aria-expanded=false] svg+svg,.launcher[aria-expanded=true] svg:first-child{display:none}
.hint,.badge{pointer-events:none}
.hint{visibility:hidden;inset-inline-${side}:calc(var(--edge) + 68px);margin-block-end:9px;max-width:min(260px,100vw - 128px);padding:8px 14px;border-radius:12px;background:Canvas;color:CanvasText;box-shadow:0 2px 12px #0004}
.launcher:focus-visible[aria-expanded=false]+.hint:not(:empty){visibility:visible}
.badge{min-width:22px;margin:0 -4px 38px;padding:0 6px;border-radius:11px;background:#c62828;color:#fff;font:700 13px/22px system-ui,sans-serif;text-align:center}
.badge:empty{visibility:hidden}
.badge span{position:absolute;clip-path:inset(50%);white-space:nowrap}
.panel{visibility:hidden;inset-block-end:calc(var(--floor) + 68px);width:380px;max-width:calc(100vw - 2*var(--edge));height:min(640px,100dvh - 108px - env(safe-area-inset-bottom));border-radius:16px;overflow:hidden;outline:0;background:Canvas;color:CanvasText;box-shadow:0 0 0 1px #8884,0 8px 40px #0006}
.launcher[aria-expanded=true]~.panel{visibility:visible}
iframe{display:block;width:100%;height:100%;border:0}
.cover{position:absolute;inset:0;display:flex;flex-direction:column;align-items:center;background:Canvas}
header{display:flex;align-items:center;align-self:stretch;margin-block-end:auto;padding:8px 10px;padding-inline-start:18px;background:var(--accent);color:var(--ink)}
b{flex:1;font-weight:600;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.dismiss{width:40px;height:40px}
.spinner{width:32px;height:32px;border:3px solid #8885;border-block-start-color:var(--accent);border-radius:50%}
p{margin:16px 28px auto;text-align:center}
a{display:block;margin-block-start:8px;color:LinkText;border-radius:4px}
@media(hover:hover){.launcher:hover[aria-expanded=false]+.hint:not(:empty){visibility:visible}}
@media(prefers-reduced-motion:no-preference){
.launcher{transition:transform .15s}.launcher:hover{transform:scale(1.06)}
.launcher[aria-expanded=true]~.panel{animation:rise .18s ease-out}.spinner{animation:turn 1s linear infinite}}
@keyframes rise{from{opacity:0;transform:translateY(12px)}}
@keyframes turn{to{transform:rotate(1turn)}}
@media(max-width:480px),(max-height:420px){
.panel{inset:0;width:auto;max-width:none;height:100dvh;border-radius:0}
.launcher[aria-expanded=true]{visibility:hidden}}
@media print{:host{display:none!important}}`);

  // The accent goes in as a value, never as text of the sheet: it cannot break out of its declaration.
  const luminance = (accent.match(/\w\w/g) ?? []).reduce(
    (sum, channel, index) => sum + (parseInt(channel, 16) / 255) ** 2.2 * [0.2126, 0.7152, 0.0722][index],
    0,
  );
  const { style } = sheet.cssRules[0];
  style.setProperty("--accent", accent);
  style.setProperty("--ink", luminance > 0.3 ? "#111" : "#fff");
  root.adoptedStyleSheets = [sheet];

  // The root element, not the body: `body > :last-child` rules, a body that is swapped by a single-page application,
  // or one that is a grid, then have nothing to do with the launcher.
  const attach = () => {
    if (!host.isConnected) document.documentElement.append(host);
  };

  const drawBadge = () => {
    const count = opened ? 0 : unread;
    badge.replaceChildren(
      ...(count ? [count > 9 ? "9+" : String(count), element("span", {}, count > 1 ? " unread messages" : " unread message")] : []),
    );
  };

  // ---- Talking to the iframe --------------------------------------------------------------------------------------

  // The target origin is exact, so that a frame navigated elsewhere hears nothing.
  const post = (message) => {
    if (ready) frame.contentWindow?.postMessage({ parlor: 1, ...message }, origin);
  };

  // Cuts to a number of UTF-16 units, and never in the middle of a character.
  const cut = (text, units) => text.slice(0, units).replace(/[\ud800-\udbff]$/, "");

  // Single-page applications drop the campaign from the address on the first click: the last one seen is kept.
  const readCampaign = () => {
    const query = new URLSearchParams(location.search);
    const found = {};
    for (const part of ["source", "medium", "campaign", "term", "content"]) {
      const value = query.get("utm_" + part);
      if (value) found[part] = cut(value, 200);
    }
    if (Object.keys(found).length) campaign = found;
  };

  const sendContext = () => {
    readCampaign();
    post({
      type: "context",
      // What stands after the hash may hold secrets (tokens of sign-ins, say) and is not the page's address.
      url: cut(location.href.split("#")[0], 2000),
      title: cut(document.title, 300),
      referrer: cut(document.referrer, 2000),
      language: cut(document.documentElement.lang || navigator.language || "", 35),
      utm: campaign,
      ...(hubspotutk && { hubspotutk }),
    });
  };

  // Each handler runs on its own, so that an error in one is the page's error and stops nothing here.
  const emit = (event, detail) => {
    for (const handler of handlers[event]) queueMicrotask(() => handler(detail));
  };

  const received = ({ origin: sender, source, data }) => {
    if (sender !== origin || source !== frame.contentWindow || data?.parlor !== 1) return;
    if (data.type === "ready") {
      // A plain form post inside the iframe loads a new document, which says `ready` once more.
      ready = true;
      sendContext();
      post({ type: opened ? "open" : "closed" });
      // Asked before the cover goes, which may hold the focus.
      if (opened && document.activeElement === host) frame.focus();
      cover.remove();
      emit("ready");
    } else if (data.type === "close") {
      close();
    } else if (data.type === "unread") {
      unread = Math.max(0, Math.floor(data.count)) || 0;
      drawBadge();
      emit("unread", { count: unread });
    }
  };

  // The browser tells nobody why a frame stays empty (server away, page not on the widget's list): only time does.
  const giveUp = () => {
    if (ready) return;
    spinner.remove();
    notice.replaceChildren(
      "The chat could not be loaded here.",
      element("a", { href: address, target: "_blank", rel: "noopener" }, "Open the chat in a new tab"),
    );
  };

  const load = () => {
    if (frame) return;
    watching.abort();
    attach();
    addEventListener("message", received);
    document.addEventListener("securitypolicyviolation", (event) => {
      if (event.disposition === "enforce" && event.effectiveDirective === "frame-src" && event.blockedURI.startsWith(origin)) {
        warn(`this page's Content-Security-Policy forbids the chat's frame; add ${origin} to its frame-src.`);
        giveUp();
      }
    });
    notice.textContent = "Loading the chat…";
    fetchFrame();
  };

  const fetchFrame = () => {
    frame?.remove();
    frame = element("iframe", { title: "Chat", src: address, referrerpolicy: "origin" });
    // After the cover, so that Tab meets the close button and the way out first.
    panel.append(frame);
    setTimeout(giveUp, PATIENCE_MS);
  };

  // ---- Opening and closing ----------------------------------------------------------------------------------------

  const show = (visible) => {
    opened = visible;
    launcher.setAttribute("aria-expanded", String(visible));
    panel.inert = !visible;
    drawBadge();
    post({ type: visible ? "open" : "closed" });
    emit(visible ? "open" : "close");
  };

  const open = () => {
    attach();
    load();
    if (opened) return;
    // Asked for again after a failure: try again, with the way out still on the screen.
    if (!ready && notice.firstElementChild) fetchFrame();
    unread = 0;
    sendContext();
    show(true);
    (ready ? frame : panel).focus();
  };

  const close = () => {
    if (!opened) return;
    // Focus comes back only when it was in the chat: a page that calls `close` keeps it where it is.
    const inside = document.activeElement === host;
    show(false);
    if (inside) launcher.focus();
  };

  const toggle = () => (opened ? close() : open());

  launcher.addEventListener("click", toggle);
  dismiss.addEventListener("click", close);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && !event.isComposing) close();
  });

  // One set of listeners for launcher and links alike (events inside the shadow root seem to come from its host).
  // They capture, so that a page which stops propagation does not take the chat away, and end with the first intent.
  const watching = new AbortController();
  for (const intent of ["pointerover", "focusin", "touchstart"]) {
    document.addEventListener(
      intent,
      (event) => {
        if (event.target.closest?.(INTENT)) load();
      },
      { capture: true, passive: true, signal: watching.signal },
    );
  }
  document.addEventListener(
    "click",
    (event) => {
      // With a modifier key a link opens elsewhere, as its reader meant.
      if (event.metaKey || event.ctrlKey || event.shiftKey || !event.target.closest?.("[data-parlor-open]")) return;
      event.preventDefault();
      open();
    },
    true,
  );

  // ---- Who the visitor is, where the site proves it ---------------------------------------------------------------

  const ask = (path, token) =>
    fetch(`${origin}/api/visitor-token${path}?widget=${key}`, {
      method: "POST",
      credentials: "omit",
      keepalive: true,
      signal: AbortSignal.timeout(15_000),
      // As text: the browser then needs no second request to ask whether the page may ask.
      body: JSON.stringify({ token }),
    }).catch(({ message }) => {
      // The browser tells a page no more than that. Where Parlor refuses the page's origin, the page may not read that either.
      throw Error(
        `${message}. The network or this page's connect-src is in the way, or the widget lacks this origin: ` +
          `parlor widget origins --key ${key} --allow ${location.origin}`,
      );
    });

  const revoke = (token) => ask("/revoke", token).catch(({ message }) => warn("the proof is not revoked: " + message));

  const identify = async ({ token }) => {
    const mine = ++turn;
    const before = resets;
    let code = "proof_not_fetched";
    try {
      const answer = Promise.resolve(typeof token === "function" ? token() : token);
      // However late it comes: when the user has signed out since, it is worth nothing any more.
      answer.then((late) => late && before !== resets && revoke(late), () => {});
      const tooLate = Error(`the page's function "${token?.name}" did not answer within 10 seconds`);
      const given = await Promise.race([answer, new Promise((_, reject) => setTimeout(reject, PATIENCE_MS, tooLate))]);
      if (mine !== turn) return;
      proof = given;
      code = "unreachable";
      const exchanged = await ask("", given);
      const body = await exchanged.json();
      if (mine !== turn) return;
      if (exchanged.ok) return emit("identified", body);
      code = body.code;
      throw Error(body.detail);
    } catch (error) {
      if (mine !== turn) return;
      const message = error?.message ?? error;
      warn(`the visitor is not identified (${code}): ${message}`);
      emit("error", { code, message });
    }
  };

  // The user signed out: the proof is worth nothing any more.
  const reset = () => {
    turn += 1;
    resets += 1;
    if (proof) revoke(proof);
    proof = null;
  };

  // ---- The page's own calls ---------------------------------------------------------------------------------------

  const commands = {
    __proto__: null,
    open,
    close,
    toggle,
    identify,
    reset,
    // The page asked its visitor; Parlor reads no cookie by itself.
    consent: ({ hubspotutk: value }) => {
      if (!/^[0-9a-f]{32}$/i.test(value)) return warn("consent wants { hubspotutk: <32 hexadecimal characters> }.");
      hubspotutk = value;
      if (ready) sendContext();
    },
    on: ({ event, handler }) => {
      if (!Object.hasOwn(handlers, event) || typeof handler !== "function") {
        return warn(`on wants { event, handler }; events are ${Object.keys(handlers).join(", ")}.`);
      }
      handlers[event].push(handler);
      if (event === "ready" && ready) queueMicrotask(handler);
    },
  };

  const Parlor = (command, options) => {
    if (command in commands) commands[command](options ?? {});
    else warn(`unknown command "${command}"; there are ${Object.keys(commands).join(", ")}.`);
  };
  Parlor.widget = key;
  window.Parlor = Parlor;

  readCampaign();
  // At the end of the document, where the launcher is the last stop of the Tab key.
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", attach);
  else attach();
  for (const call of Array.isArray(earlier?.q) ? earlier.q : []) Parlor(...call);
})();
