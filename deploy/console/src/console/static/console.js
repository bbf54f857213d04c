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

// Parts with data-reload="seconds" are fetched again and replaced while the page is looked at.
async function reload(part, index) {
  if (document.hidden || part.matches(":focus-within") || $("details[open]", part)) return;
  try {
    const answer = await fetch(location.href, { headers: { "x-refresh": "1" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = $$("[data-reload]", page)[index];
    if (fresh && fresh.innerHTML !== part.innerHTML) part.innerHTML = fresh.innerHTML;
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
