"use strict";
// While a call is open the page is read again, and what changed takes the place of what stood there.
(() => {
  const pulse = document.getElementById("pulse");
  const voice = document.getElementById("voice");
  const main = () => document.getElementById("main");
  const seconds = () => Number(main().dataset.every || 0);
  const SLOWEST = 30;
  // The page of a request leads to few others; once there is a meeting, to all of its views.
  const CHANGING = ["views", "main"];
  let tag = "";
  const known = new Map(CHANGING.map((id) => [id, document.getElementById(id).outerHTML]));
  let failures = 0;

  if (!seconds() || !location.protocol.startsWith("http")) return;

  const say = (text) => {
    pulse.hidden = false;
    if (pulse.textContent !== text) pulse.textContent = text;
  };

  const isSelecting = () => {
    const chosen = getSelection();
    return chosen !== null && !chosen.isCollapsed && main().contains(chosen.anchorNode);
  };

  // An element is found again by the id around it, and its place among its like there.
  const placeOf = (element) => {
    const root = element?.closest("[id]");
    if (!root) return null;
    const alike = [...root.querySelectorAll(element.tagName)];
    return { id: root.id, tag: element.tagName, at: alike.indexOf(element) };
  };

  const atPlace = (place) => {
    const root = document.getElementById(place.id);
    return place.at < 0 ? root : root?.querySelectorAll(place.tag)[place.at];
  };

  const topmost = () =>
    [...main().querySelectorAll("[id]")].find((one) => one.getBoundingClientRect().bottom > 0);

  const replace = (fresh) => {
    const focus = placeOf(document.activeElement);
    const opened = new Map([...main().querySelectorAll("details[id]")].map((one) => [one.id, one.open]));
    const mark = topmost();
    const before = mark?.getBoundingClientRect().top;
    const said = main().dataset.said;
    for (const one of fresh) document.getElementById(one.id).replaceWith(one);
    for (const one of main().querySelectorAll("details[id]")) one.open = opened.get(one.id) ?? one.open;
    const same = mark && document.getElementById(mark.id);
    if (same) scrollBy({ top: same.getBoundingClientRect().top - before, behavior: "instant" });
    if (focus) atPlace(focus)?.focus({ preventScroll: true });
    if (main().dataset.said !== said) voice.textContent = main().dataset.said;
  };

  const show = (text) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    const fresh = CHANGING.map((id) => document.importNode(page.getElementById(id), true)).filter(
      (one) => one.outerHTML !== known.get(one.id),
    );
    document.title = page.title;
    for (const one of fresh) known.set(one.id, one.outerHTML);
    if (fresh.length) replace(fresh);
  };

  const plan = (after) => setTimeout(look, after * 1000);

  async function look() {
    if (document.hidden) {
      document.addEventListener("visibilitychange", look, { once: true });
      return;
    }
    if (isSelecting()) return void plan(seconds());
    try {
      const answer = await fetch(location.href, {
        cache: "no-store",
        headers: tag ? { "If-None-Match": tag } : {},
        signal: AbortSignal.timeout(15000),
      });
      if (answer.status === 401 || answer.status === 403) return say("Not live: the key is missing");
      if (answer.status === 429 || answer.status >= 500) throw new Error(String(answer.status));
      if (answer.status !== 304) {
        show(await answer.text());
        tag = answer.headers.get("ETag") ?? "";
      }
      failures = 0;
    } catch {
      failures += 1;
    }
    if (!seconds()) return say("Not live any more");
    say(failures ? "No answer; trying again" : "Live");
    plan(Math.min(seconds() * 2 ** failures, SLOWEST));
  }

  say("Live");
  plan(seconds());
})();
