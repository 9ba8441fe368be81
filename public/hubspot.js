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
  // How long HubSpot's token holds at least and at most when Parlor hands it out, whatever this machine's clock says.
  const LEAST_MS = 30 * MINUTE_MS;
  const MOST_MS = 12 * 60 * MINUTE_MS;
  // It is renewed so long before its end: Parlor hands out the next one from half an hour before on.
  const RENEW_MS = 20 * MINUTE_MS;
  // After a failure that passes by itself: a minute, then twice as long each time, up to this.
  const LONGEST_RETRY_MS = 16 * MINUTE_MS;
  const PATIENCE_MS = 15_000;
  // For the page's own function: the chat waits for it.
  const PROOF_PATIENCE_MS = 10_000;
  // HubSpot passes over a second load within a second.
  const THROTTLE_MS = 1_100;

  const handlers = { identified: [], error: [] };
  let consented = !waits;
  let proof; // A token of the site's server, or a function that fetches one.
  let lastProof; // The token that the site handed over last: it is revoked when the user signs out.
  let turn = 0; // Grows with every identify and reset: an answer that belongs to an earlier one is dropped.
  let resets = 0;
  let failures = 0; // One after the other, of the kind that passes by itself.
  let timer; // The next attempt.
  let ending; // The end of HubSpot's token.
  let known; // Whom HubSpot's settings name.
  let shown; // The token that the chat was loaded with.
  let stale = false; // HubSpot may still keep cookies of somebody who is not there any more.
  let unsure = true; // Whose cookies HubSpot has from earlier pages is not known, until they are deleted once.
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

  // A page with Trusted Types takes the address of a script from a policy alone, and may allow policies by their names. This one
  // knows a single address, whatever it is asked for.
  const trustedAddress = () => {
    try {
      return window.trustedTypes.createPolicy("parlor", { createScriptURL: () => script }).createScriptURL("");
    } catch {
      return script;
    }
  };

  const addScript = () => {
    // The site may have HubSpot's script for other reasons: one is enough.
    if (document.getElementById("hs-script-loader")) return;
    const node = document.createElement("script");
    try {
      node.src = trustedAddress();
    } catch {
      return warn("HubSpot's chat is not loaded: this page's Trusted Types lack the policy; add parlor to its trusted-types.");
    }
    node.id = "hs-script-loader";
    node.async = true;
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
        stale = unsure = false;
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
    }).catch(({ message }) => {
      // The browser tells a page no more than that. Where Parlor refuses the page's origin, the page may not read that either.
      throw Error(
        `${message}. The network or this page's connect-src is in the way, or the widget lacks this origin: ` +
          `parlor widget origins --key ${key} --allow ${location.origin}`,
      );
    });

  const revoke = (token) =>
    ask("/revoke", token).catch(({ message }) => warn(`the proof is not revoked, it ends by itself: ${message}`));

  // What the page's own function answers, in time.
  const fetchProof = async (give) => {
    const before = resets;
    const answer = Promise.resolve(give());
    // However late it comes: when the user has signed out since, it is worth nothing any more.
    answer.then(
      (late) => {
        if (late && before !== resets) revoke(late);
      },
      () => {},
    );
    const tooLate = Error(`it did not answer within ${PROOF_PATIENCE_MS / 1000} seconds`);
    return Promise.race([answer, new Promise((_, reject) => setTimeout(reject, PROOF_PATIENCE_MS, tooLate))]);
  };

  const problem = (code, message, passes) => Object.assign(new Error(message), { code, passes });

  const exchange = async (mine) => {
    const given = proof;
    let token, answer, body;
    try {
      token = await (typeof given === "function" ? fetchProof(given) : given);
    } catch (error) {
      throw problem("proof_not_fetched", `the page's own function "${given.name}" failed: ${error?.message ?? error}`, true);
    }
    if (mine !== turn) return;
    lastProof = token;
    try {
      answer = await ask("", token);
      body = await answer.json();
    } catch ({ message }) {
      throw problem("unreachable", message, true);
    }
    if (answer.ok) return body;
    throw problem(body.code, body.detail, answer.status === 429 || answer.status >= 500);
  };

  const stopTimers = () => {
    clearTimeout(timer);
    clearTimeout(ending);
  };

  // Proves who is there and plans the next time; answers whether it is proven. Who is refused is forgotten.
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
      const left = Math.min(Math.max(Date.parse(end) - Date.now() || 0, LEAST_MS), MOST_MS);
      failures = 0;
      stopTimers();
      plan(left - RENEW_MS);
      ending = setTimeout(() => {
        forget();
        load(mine);
      }, left);
      return true;
    } catch ({ code, message, passes }) {
      if (mine !== turn) return false;
      warn(`the visitor is not identified (${code}): ${message}`);
      emit("error", { code, message });
      if (passes) plan(Math.min(MINUTE_MS * 2 ** failures++, LONGEST_RETRY_MS));
      else {
        clearTimeout(ending);
        forget();
        stale ||= unsure;
      }
      return false;
    }
  };

  const renew = async (mine) => {
    await prove(mine);
    if (mine === turn && (stale || shown !== settings.identificationToken)) load(mine);
  };

  // Whatever was under way is another's.
  const nextTurn = () => {
    stopTimers();
    failures = 0;
    turn += 1;
    return turn;
  };

  // Visitors whom the site does not prove get HubSpot's chat without a token.
  const start = async () => {
    const mine = nextTurn();
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
      if (typeof token === "string") lastProof = token;
      start();
    },
    // The user signed out: the proof is worth nothing any more, and the chat forgets who was there.
    reset: () => {
      nextTurn();
      resets += 1;
      if (lastProof) revoke(lastProof);
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
