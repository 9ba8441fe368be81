// Parlor's loader for a widget whose chat is HubSpot's own: it boots HubSpot's chat on this page, tells it who is there when the
// site has proven that to Parlor, and keeps HubSpot's token fresh. It sets no cookie and touches no storage; HubSpot's script does.
// The host page is foreign ground: nothing but the widget's public settings may ever be rendered into this file.
(() => {
  "use strict";

  // The server puts the widget's public settings here, as a JSON object.
  const { key, origin, script, consent: waits } = __PARLOR_WIDGET__;

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

  const MINUTE_MS = 60_000;
  // HubSpot's token is renewed so long before its end: Parlor hands out the next one from half an hour before on.
  const RENEW_MS = 20 * MINUTE_MS;
  // Between two renewals at least and at most, whatever this machine's clock says.
  const LEAST_MS = 10 * MINUTE_MS;
  const MOST_MS = 12 * 60 * MINUTE_MS;
  const PATIENCE_MS = 15_000;
  // HubSpot passes over a second load within a second.
  const THROTTLE_MS = 1_100;

  const handlers = { identified: [], error: [] };
  let consented = !waits;
  let proof; // A token of the site's server, or a function that fetches one.
  let lastProof; // The token that was exchanged last.
  let turn = 0; // Grows with every identify and reset: an answer that belongs to an earlier one is dropped.
  let timer;
  let known; // Whom HubSpot's settings name.
  let shown; // The token that the chat was loaded with.
  let stale = false; // HubSpot may still keep cookies of somebody who is not there any more.
  let wanted = false; // To be opened once it is there.
  let busyUntil = 0;
  let listening = false;

  const emit = (event, detail) => {
    for (const handler of handlers[event]) queueMicrotask(() => handler(detail));
  };

  // ---- HubSpot's chat ---------------------------------------------------------------------------------------------

  // HubSpot reads this object when its chat loads, so it must be there first.
  const settings = (window.hsConversationsSettings ??= {});
  settings.loadImmediately = false;

  const ready = (then) => {
    if (window.HubSpotConversations) then(window.HubSpotConversations);
    else (window.hsConversationsOnReady ??= []).push(() => then(window.HubSpotConversations));
  };

  const addScript = () => {
    // The site may have HubSpot's script for other reasons: one is enough.
    if (document.getElementById("hs-script-loader")) return;
    const node = document.createElement("script");
    node.id = "hs-script-loader";
    node.async = true;
    node.src = script;
    node.onerror = () => warn(`HubSpot's chat could not be loaded from ${script}; is it in this page's script-src?`);
    document.head.append(node);
  };

  // Shows HubSpot's chat. It reads who is there when it loads, and not again: one that was loaded otherwise is loaded anew.
  const load = (mine) => {
    addScript();
    ready((conversations) => {
      const { widget } = conversations;
      if (!listening) {
        listening = true;
        conversations.on("widgetLoaded", () => {
          if (wanted) widget.open();
          wanted = false;
        });
      }
      if (stale) {
        // Deletes HubSpot's cookies, and makes a new chat in place of the one that is there.
        stale = false;
        shown = settings.identificationToken;
        conversations.clear({ resetWidget: true });
        busyUntil = Date.now() + THROTTLE_MS;
      }
      setTimeout(() => {
        if (mine !== turn) return;
        if (widget.status().loaded) {
          if (shown === settings.identificationToken) return;
          widget.remove();
        }
        shown = settings.identificationToken;
        busyUntil = Date.now() + THROTTLE_MS;
        widget.load();
      }, Math.max(0, busyUntil - Date.now()));
    });
  };

  const open = () => {
    if (!consented) return warn('the chat waits for Parlor("consent").');
    ready(({ widget }) => {
      if (widget.status().loaded) widget.open();
      else wanted = true;
    });
  };

  const close = () => {
    wanted = false;
    ready(({ widget }) => widget.close());
  };

  // ---- Who is there -----------------------------------------------------------------------------------------------

  const forget = () => {
    if (known) stale = true;
    known = undefined;
    delete settings.identificationEmail;
    delete settings.identificationToken;
  };

  const ask = (path, token) =>
    fetch(`${origin}/api/visitor-token${path}?widget=${key}`, {
      method: "POST",
      credentials: "omit",
      keepalive: true,
      signal: AbortSignal.timeout(PATIENCE_MS),
      // As text: the browser then needs no second request to ask whether the page may ask.
      body: JSON.stringify({ token }),
    });

  const problem = (code, message, passes) => Object.assign(new Error(message), { code, passes });

  const exchange = async (mine) => {
    let token, answer, body;
    try {
      token = await (typeof proof === "function" ? proof() : proof);
    } catch (error) {
      throw problem("proof_not_fetched", `the page's own function failed: ${error?.message}`, true);
    }
    if (mine !== turn) return;
    lastProof = token;
    try {
      answer = await ask("", token);
      body = await answer.json();
    } catch (error) {
      throw problem("unreachable", `${origin} did not answer: ${error.message}`, true);
    }
    if (answer.ok) return body;
    throw problem(body.code, body.detail, answer.status === 429 || answer.status === 503);
  };

  // Proves who is there and plans the next time; answers whether it is proven.
  const prove = async (mine) => {
    const plan = (wait) => {
      timer = setTimeout(() => renew(mine), wait);
    };
    try {
      const identity = await exchange(mine);
      if (mine !== turn) return false;
      const { token, email, expires_at: end } = identity;
      if (known !== email) forget();
      known = settings.identificationEmail = email;
      settings.identificationToken = token;
      emit("identified", { token, email, expires_at: end });
      plan(Math.min(Math.max(Date.parse(end) - RENEW_MS - Date.now(), LEAST_MS), MOST_MS));
      return true;
    } catch ({ code, message, passes }) {
      if (mine !== turn) return false;
      warn(`the visitor is not identified (${code}): ${message}`);
      emit("error", { code, message });
      if (passes) plan(MINUTE_MS);
      return false;
    }
  };

  const renew = async (mine) => {
    if (await prove(mine)) load(mine);
  };

  // Visitors whom the site does not prove get HubSpot's chat without a token.
  const start = async () => {
    const mine = ++turn;
    clearTimeout(timer);
    if (!consented) return;
    const isProven = proof && (await prove(mine));
    if (mine !== turn) return;
    // Whoever was there before is not who could not be proven now.
    if (!isProven) forget();
    load(mine);
  };

  // ---- The page's own calls ---------------------------------------------------------------------------------------

  const commands = {
    __proto__: null,
    open,
    close,
    identify: ({ token }) => {
      if (!/^(string|function)$/.test(typeof token)) {
        return warn("identify wants { token: <a token your server signed, or a function that fetches one> }.");
      }
      proof = token;
      start();
    },
    // The user signed out: the proof is worth nothing any more, and the chat forgets who was there.
    reset: () => {
      turn += 1;
      clearTimeout(timer);
      if (lastProof) ask("/revoke", lastProof).catch(() => warn("the proof could not be revoked; it ends by itself."));
      proof = lastProof = undefined;
      forget();
      // Cookies may be there from another page.
      stale = true;
      if (consented) load(turn);
    },
    consent: () => {
      if (consented) return;
      consented = true;
      start();
    },
    on: ({ event, handler }) => {
      if (!Object.hasOwn(handlers, event) || typeof handler !== "function") {
        return warn(`on wants { event, handler }; events are ${Object.keys(handlers).join(", ")}.`);
      }
      handlers[event].push(handler);
    },
  };

  const Parlor = (command, options) => {
    if (command in commands) commands[command](options ?? {});
    else warn(`unknown command "${command}"; there are ${Object.keys(commands).join(", ")}.`);
  };
  Parlor.widget = key;
  window.Parlor = Parlor;

  document.addEventListener(
    "click",
    (event) => {
      // With a modifier key a link opens elsewhere, as its reader meant; without consent it leads where it says.
      if (event.metaKey || event.ctrlKey || event.shiftKey || !event.target.closest?.("[data-parlor-open]")) return;
      if (!consented) return;
      event.preventDefault();
      open();
    },
    true,
  );

  // Calls made before this script had arrived come first: whom they identify is there when the chat loads.
  for (const call of Array.isArray(earlier?.q) ? earlier.q : []) Parlor(...call);
  if (!turn) start();
})();
