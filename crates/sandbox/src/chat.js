// A stand-in of HubSpot's chat script, for pages that embed it as they would embed HubSpot's own:
//
//   <script id="hs-script-loader" async defer src="http://127.0.0.1:3002/scripts/891936587.js"></script>
//
// It has the interface of HubSpot's chat widget SDK: `hsConversationsSettings`, `hsConversationsOnReady` and
// `HubSpotConversations`. In place of a chat it shows a box that says whom the widget takes the visitor for, and it tells
// the sandbox of every call and what was given with it. It sets no cookie and touches no storage.
//
// Where HubSpot's guide says nothing, this chooses what is least convenient for a page that guesses: the interface comes a
// while after the script has loaded; settings are read at `load` (and at `clear` with `resetWidget`) and at no other time.
// Of the events, `widgetLoaded` and `widgetClosed` are fired; nobody chats here, so the others never are.
(() => {
  "use strict";

  const READY_AFTER_MS = 50;
  const THROTTLE_MS = 1_000;

  const script = document.currentScript ?? document.getElementById("hs-script-loader");
  const base = script.src.replace(/\.js([?#].*)?$/, "");
  const hubId = base.split("/").pop();

  // A second copy leaves the first one in charge.
  const mark = Symbol.for("parlor.sandbox.chat");
  if (window[mark]) return;
  window[mark] = true;

  // ---- What the sandbox is told -----------------------------------------------------------------------------------

  const settings = () => window.hsConversationsSettings ?? null;

  // One report after the other, so that they arrive in the order in which they were made.
  let sending = Promise.resolve();

  const report = (path, content) => {
    // A text is sent as text/plain, which needs no preflight. It is written now: the page may change what it gave.
    let body;
    try {
      body = JSON.stringify({ hubId, page: location.href, ...content });
    } catch (error) {
      return Promise.reject(error);
    }
    const answered = sending.then(async () => {
      const answer = await fetch(`${base}/${path}`, { method: "POST", body, credentials: "omit", keepalive: true });
      if (!answer.ok) throw new Error(`the sandbox answers ${answer.status}`);
      return answer;
    });
    sending = answered.catch(() => {});
    return answered;
  };

  const reportCall = (call, given, ignored = null) => {
    report("calls", { call, arguments: given, settings: settings(), ignored }).catch((error) =>
      console.warn(`Sandbox of HubSpot's chat: ${call} is not recorded, ${error.message}.`),
    );
  };

  // ---- Events -----------------------------------------------------------------------------------------------------

  const EVENTS = [
    "conversationStarted",
    "conversationClosed",
    "userSelectedThread",
    "unreadConversationCountChanged",
    "contactAssociated",
    "userInteractedWithWidget",
    "widgetLoaded",
    "quickReplyButtonClick",
    "widgetClosed",
  ];
  const listeners = new Map(EVENTS.map((event) => [event, new Set()]));

  // What the page gave to be called must not break what calls it.
  const run = (callback, ...values) => {
    try {
      callback(...values);
    } catch (error) {
      console.error(error);
    }
  };
  const fire = (event) => [...listeners.get(event)].forEach((listener) => run(listener, {}));

  const on = (event, listener) => {
    reportCall("on", [event]);
    listeners.get(event)?.add(listener);
  };
  const off = (event, listener) => {
    reportCall("off", [event]);
    listeners.get(event)?.delete(listener);
  };

  // ---- The box ----------------------------------------------------------------------------------------------------

  let box; // Where the widget is shown.
  let identity; // What the settings said when it was loaded.
  let loaded = false;
  let pending = false;
  let opened = false;
  let showing = 0; // Counts, so that an answer that comes too late is dropped.

  const words = ({ outcome, why }) =>
    outcome === "identified" ? `identified as ${identity.email}` : outcome === "refused" ? `refused: ${why}` : "not identified";

  const draw = (verdict) => {
    box?.remove();
    box = document.createElement("div");
    box.id = "hubspot-messages-iframe-container";
    box.setAttribute("role", "status");
    box.dataset.outcome = verdict.outcome;
    const title = document.createElement("strong");
    title.textContent = "HubSpot’s chat (sandbox)";
    const line = document.createElement("div");
    line.textContent = words(verdict);
    box.append(title, line);
    // Single properties, since a page's Content-Security-Policy may forbid style attributes and sheets.
    Object.assign(box.style, {
      position: "fixed",
      right: "16px",
      bottom: "16px",
      zIndex: "2147483647",
      maxWidth: "320px",
      padding: "12px 16px",
      border: "2px solid #33200f",
      borderRadius: "8px",
      background: "#ffd9c7",
      color: "#33200f",
      font: "14px/1.5 system-ui, sans-serif",
      overflowWrap: "anywhere",
    });
    drawOpened();
    (document.body ?? document.documentElement).append(box);
  };

  const drawOpened = () => {
    box.dataset.open = String(opened);
    box.style.minHeight = opened ? "240px" : "";
  };

  const show = async () => {
    const mine = ++showing;
    pending = true;
    let verdict;
    try {
      verdict = await (await report("visits", identity)).json();
    } catch (error) {
      verdict = { outcome: "refused", why: error.message };
    }
    if (mine !== showing) return;
    pending = false;
    draw(verdict);
    const first = !loaded;
    loaded = true;
    if (first) fire("widgetLoaded");
  };

  const start = (options) => {
    const given = settings();
    identity = { email: given?.identificationEmail ?? null, token: given?.identificationToken ?? null };
    opened = Boolean(options?.widgetOpen);
    show();
  };

  const takeAway = () => {
    showing += 1;
    box?.remove();
    box = undefined;
    loaded = pending = opened = false;
  };

  // ---- The interface ----------------------------------------------------------------------------------------------

  const calledAt = {};
  const isThrottled = (name) => {
    const now = performance.now();
    if (now - (calledAt[name] ?? -Infinity) < THROTTLE_MS) return true;
    calledAt[name] = now;
    return false;
  };

  const load = (options) => {
    const ignored = isThrottled("load") ? "throttled" : loaded || pending ? "loaded already" : null;
    reportCall("widget.load", options === undefined ? [] : [options], ignored);
    if (!ignored) start(options);
  };

  const refresh = (options) => {
    const ignored = isThrottled("refresh") ? "throttled" : loaded ? null : "not loaded";
    reportCall("widget.refresh", options === undefined ? [] : [options], ignored);
    if (ignored) return;
    show();
  };

  const setOpened = (call, next) => {
    reportCall(call, [], loaded ? null : "not loaded");
    if (!loaded || opened === next) return;
    opened = next;
    drawOpened();
    if (!opened) fire("widgetClosed");
  };

  const remove = () => {
    reportCall("widget.remove", [], loaded || pending ? null : "not loaded");
    takeAway();
  };

  // HubSpot's deletes its cookies, and with `resetWidget` makes a new widget in place of the one that is there.
  const clear = (options) => {
    reportCall("clear", options === undefined ? [] : [options]);
    if (!options?.resetWidget || !(loaded || pending)) return;
    takeAway();
    start();
  };

  setTimeout(() => {
    reportCall("ready", []);
    window.HubSpotConversations = {
      widget: {
        load,
        refresh,
        open: () => setOpened("widget.open", true),
        close: () => setOpened("widget.close", false),
        remove,
        status: () => ({ loaded }),
      },
      clear,
      on,
      off,
    };
    const immediately = settings()?.loadImmediately !== false;
    const callbacks = window.hsConversationsOnReady;
    if (Array.isArray(callbacks)) callbacks.forEach((callback) => run(callback));
    if (immediately && !loaded && !pending) start();
  }, READY_AFTER_MS);
})();
