"use strict";
// Every page works without this; with it rows are clickable, lists refresh, and logs are live.

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// A row leads where its link leads.
document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-href]");
  if (!row || event.target.closest("a, button, summary, input") || String(getSelection())) return;
  if (event.metaKey || event.ctrlKey) open(row.dataset.href, "_blank");
  else location.href = row.dataset.href;
});

// A chat is read from its end.
function toNewest() {
  for (const chat of $$(".chat:not(:hover)")) chat.scrollTop = chat.scrollHeight;
}
toNewest();

// Parts with data-reload="seconds" are fetched again and replaced while the page is looked at.
async function reload(part, index) {
  if (document.hidden || part.matches(":focus-within") || $("details[open]", part)) return;
  try {
    const answer = await fetch(location.href, { headers: { "x-refresh": "1" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = $$("[data-reload]", page)[index];
    if (fresh && fresh.innerHTML !== part.innerHTML) part.innerHTML = fresh.innerHTML;
    toNewest();
    part.style.opacity = "";
  } catch {
    part.style.opacity = ".5"; // what is shown is old
  }
}
$$("[data-reload]").forEach((part, index) => {
  setInterval(() => reload(part, index), 1000 * Number(part.dataset.reload));
});

// Tabs: all panes are on the page, one is shown.
for (const box of $$("[data-tabs]")) {
  const show = (name) => {
    for (const tab of $$("[data-tab]", box)) tab.setAttribute("aria-selected", String(tab.dataset.tab === name));
    for (const pane of $$("[data-pane]", box)) pane.hidden = pane.dataset.pane !== name;
  };
  for (const tab of $$("[data-tab]", box)) tab.addEventListener("click", () => show(tab.dataset.tab));
  const first = $("[data-tab]", box);
  if (first) show(first.dataset.tab);
}

// A click on data-copy copies the text beside it.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  const before = button.textContent;
  button.textContent = "copied";
  setTimeout(() => { button.textContent = before; }, 1200);
});

// Filters send themselves when a box or a list changes.
for (const form of $$("form[data-auto]")) {
  form.addEventListener("change", (event) => { if (event.target.matches("select, [type=checkbox]")) form.requestSubmit(); });
}
for (const box of $$("input[data-param]")) {
  box.addEventListener("change", () => {
    const address = new URL(location.href);
    if (box.checked) address.searchParams.set(box.dataset.param, "1");
    else address.searchParams.delete(box.dataset.param);
    location.href = address;
  });
}

// Waterfall: statements on demand, and everything known about a span below its row.
const fall = $("#fall");
if (fall) {
  let details;
  const load = () => (details ??= fetch(fall.dataset.json).then((answer) => answer.json()));
  $("#with-db").addEventListener("change", (event) => fall.classList.toggle("with-db", event.target.checked));

  const facts = (pairs) => {
    const list = element("dl", { class: "facts" });
    for (const [name, value] of pairs) {
      const text = typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
      list.append(element("dt", {}, name), element("dd", { class: "mono" }, text));
    }
    return list;
  };
  const open = async (row) => {
    if (row.classList.toggle("open")) {
      const span = (await load()).spans[Number(row.dataset.n)];
      if (!row.classList.contains("open")) return;
      const panel = element("div", { class: "panel " + row.className.split(" ")[1] });
      const waited = span.wait_ms === null ? [] : [["waited", `${span.wait_ms.toFixed(2)} ms  (${span.waited_in})`]];
      const said = span.message ? [["status", span.message]] : [];
      panel.append(facts([
        ["span", `${span.service}: ${span.name} (${span.kind})`],
        ["time", `${span.duration_ms.toFixed(3)} ms, from ${span.start_ms.toFixed(3)} ms`],
        ...waited, ...said,
        ...Object.entries(span.attributes).sort(([a], [b]) => a.localeCompare(b)),
        ...span.events.map((event) => [`noted: ${event.name}`, event.attributes]),
        ["trace", span.trace_id], ["id", `${span.span_id}${span.parent_id ? ` in ${span.parent_id}` : ""}`],
        ...span.links.map((link) => ["caused by", link.join(" / ")]),
      ]));
      row.after(panel);
    } else if (row.nextElementSibling?.classList.contains("panel")) {
      row.nextElementSibling.remove();
    }
  };
  fall.addEventListener("click", (event) => {
    const row = event.target.closest(".span");
    if (!row) return;
    if (event.target.closest("[data-statements]")) {
      for (const child of $$(`.db[data-p="${row.dataset.n}"]`, fall)) child.classList.toggle("shown");
    } else open(row);
  });
  fall.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches(".span")) open(event.target);
  });
}

// Event log: new records on top, a click shows one whole.
const log = $("#log");
if (log) {
  const live = $("#live");
  const seen = new Map();
  const MOST = 400;
  let paused = false;
  let stream;

  const short = (key) => (key.length > 18 ? key.slice(0, 17) + "…" : key);
  const row = (entry) => {
    const type = element("b", {}, entry.type);
    if (entry.dead) type.append(" ", element("span", { class: "tag bad" }, "dead"));
    return element("div", { class: "row fresh", tabindex: "0", "data-n": entry.number },
      element("span", { class: "soft nowrap" }, entry.clock),
      element("span", { class: "svc " + entry.hue }, entry.service),
      type,
      element("span", { class: "key mono soft", title: entry.key }, short(entry.key)),
      element("span", { class: "said" }, entry.summary));
  };
  const connect = () => {
    stream = new EventSource(log.dataset.stream);
    stream.onopen = () => { live.textContent = "live"; live.classList.add("on"); };
    stream.onerror = () => { live.textContent = "waiting for the console"; live.classList.remove("on"); };
    stream.onmessage = (message) => {
      const entry = JSON.parse(message.data);
      seen.set(String(entry.number), entry);
      $("#nothing")?.remove();
      log.prepend(row(entry));
      while (log.childElementCount > MOST) log.lastElementChild.remove();
      if (seen.size > MOST) seen.delete(seen.keys().next().value);
    };
  };
  connect();
  $("#pause").addEventListener("click", (event) => {
    paused = !paused;
    event.target.textContent = paused ? "Go on" : "Pause";
    if (paused) { stream.close(); live.textContent = "paused"; live.classList.remove("on"); } else connect();
  });

  const entryOf = async (number) => {
    if (!seen.has(number)) {
      const answer = await fetch(`/dev/events.json?limit=1000&after=${Number(number) - 1}`);
      for (const item of (await answer.json()).items) if (String(item.number) === number) seen.set(number, item);
    }
    return seen.get(number);
  };
  const pretty = (text) => { try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; } };
  const toggle = async (line) => {
    if (line.nextElementSibling?.classList.contains("panel")) return line.nextElementSibling.remove();
    const entry = await entryOf(line.dataset.n);
    if (!entry) return undefined;
    const links = element("div", { class: "tools small" });
    const link = (text, href) => links.append(element("a", { class: "button", href }, text));
    if (entry.trace_id) link("Its trace", `/dev/traces/${entry.trace_id}`);
    const order = entry.order_number || entry.order_id;
    if (order) { link("Its order's events", `/dev/events?order=${encodeURIComponent(order)}`); link("Its order in one picture", `/dev/traces/order/${encodeURIComponent(order)}`); }
    link("Same key", `/dev/events?key=${encodeURIComponent(entry.key)}`);
    const facts = element("dl", { class: "facts" });
    const where = [["topic", `${entry.topic} [${entry.partition}] @ ${entry.offset}`], ["key", entry.key]];
    for (const [name, value] of [...where, ...Object.entries(entry.headers)]) facts.append(element("dt", {}, name), element("dd", { class: "mono" }, value));
    line.after(element("div", { class: "panel" }, links, element("pre", {}, pretty(entry.payload)), facts));
    return undefined;
  };
  log.addEventListener("click", (event) => { const line = event.target.closest(".row"); if (line) toggle(line); });
  log.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.matches(".row")) toggle(event.target); });
}

// A link to an operation opens it.
const openTarget = () => {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.matches("details")) { target.open = true; target.scrollIntoView(); }
};
addEventListener("hashchange", openTarget);
openTarget();
