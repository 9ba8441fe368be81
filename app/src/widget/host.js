(() => {
  const origins = (document.currentScript.dataset.origins || "").split(" ").filter(Boolean);
  const host = (window.parlorHost = { context: {}, arrived() {} });
  if (window.parent === window) return;
  const above = () => {
    // Chromium and WebKit list ancestors; elsewhere the referrer tells, until a form post makes it our own page.
    const ancestor = location.ancestorOrigins && location.ancestorOrigins[0];
    if (ancestor) return ancestor;
    try {
      const referrer = new URL(document.referrer).origin;
      if (origins.includes(referrer)) return referrer;
    } catch {}
    return origins.length === 1 ? origins[0] : "";
  };
  const origin = above();
  if (!origins.includes(origin)) return;
  const post = (message) => window.parent.postMessage({ parlor: 1, ...message }, origin);
  let open = false;
  let unread = 0;
  const show = (count) => post({ type: "unread", count: (unread = count) });
  const text = (value, most) => (typeof value === "string" ? value.slice(0, most) : "");
  host.arrived = (count) => {
    if (!open) show(unread + count);
  };
  addEventListener("message", ({ source, origin: from, data }) => {
    if (source !== window.parent || from !== origin || !data || data.parlor !== 1) return;
    if (data.type === "open") {
      open = true;
      show(0);
    } else if (data.type === "closed") {
      open = false;
    } else if (data.type === "context") {
      const utm = data.utm || {};
      host.context = {
        url: text(data.url, 2000),
        title: text(data.title, 300),
        referrer: text(data.referrer, 2000),
        utm_source: text(utm.source, 200),
        utm_medium: text(utm.medium, 200),
        utm_campaign: text(utm.campaign, 200),
        utm_term: text(utm.term, 200),
        utm_content: text(utm.content, 200),
        language: text(data.language, 35),
        hubspotutk: text(data.hubspotutk, 32),
      };
      const field = document.querySelector("input[name=context]");
      if (field) field.value = JSON.stringify(host.context);
    }
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing) post({ type: "close" });
  });
  const button = document.querySelector(".widget-close");
  button.hidden = false;
  button.addEventListener("click", () => post({ type: "close" }));
  post({ type: "ready" });
})();
