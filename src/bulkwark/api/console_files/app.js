// Keeps a page up to date: numbers come with the events, everything else by fetching the page again.
"use strict";

const KINDS = ["accepted", "selected", "counted", "held", "confirmed", "paused", "resumed", "chunk", "changed", "finished"];
const OUTCOMES = ["changed", "unchanged", "skipped", "failed", "conflicted"];
const WORDS = { CREATED: "accepted", PRE_PROCESS: "selecting", PRE_PROCESS_COMPLETED: "selected", CHUNK_PENDING: "running", CHUNK_PROCESSING: "running", POST_PROCESS: "running" };
const SOON = 150; // ms after a change of state until the page is fetched
const OFTEN = 2000; // ms between two fetches while chunks come

const numbers = new Intl.NumberFormat("en-US");
const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const states = new Map(); // job → the state that was last told
let due = 0, timer = 0, fetched = 0, fetching = false;

function set(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function span(seconds) {
  if (seconds < 9.5) return seconds.toFixed(1) + " s";
  if (seconds < 119.5) return seconds.toFixed(0) + " s";
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? minutes + " min" : Math.floor(minutes / 60) + " h " + (minutes % 60) + " min";
}

function left(progress) {
  if (!progress.eta) return "";
  const until = (name) => span(Math.max(0, (Date.parse(progress.eta[name]) - Date.parse(progress.now)) / 1000));
  return `about ${until("likely")} left (${until("earliest")} – ${until("latest")})`;
}

function show(job, progress) {
  for (const name of [...OUTCOMES, "done", "total"]) {
    const value = progress[name];
    set(job.querySelector(`[data-count="${name}"]`), value === null ? "–" : numbers.format(value));
  }
  for (const name of OUTCOMES) {
    const counted = job.querySelector(`[data-count="${name}"]`);
    if (counted) counted.parentElement.classList.toggle("none", !progress[name]);
  }
  set(job.querySelector("[data-percent]"), String(progress.percent));
  set(job.querySelector("[data-rate]"), progress.itemsPerSecond ? numbers.format(Math.round(progress.itemsPerSecond)) + " items/s" : "");
  set(job.querySelector("[data-eta]"), left(progress));
  const bar = job.querySelector(".bar");
  if (bar) bar.setAttribute("aria-valuenow", progress.percent);
  const whole = Math.max(progress.total || 0, progress.done, 1);
  let at = 0;
  for (const name of OUTCOMES) {
    const width = (1000 * progress[name]) / whole, part = job.querySelector(`[data-bar="${name}"]`);
    if (part) {
      part.setAttribute("x", at);
      part.setAttribute("width", width);
    }
    at += width;
  }
}

// Only changes of state are read out: numbers that run would never let anybody finish a sentence.
function tell(job, state) {
  const before = states.get(job.dataset.job);
  states.set(job.dataset.job, state);
  if (before === undefined || before === state) return false;
  set(document.querySelector("[data-news]"), `${job.querySelector("h1, h2").textContent}: ${state}`);
  return true;
}

function tellAll() {
  for (const job of document.querySelectorAll("[data-job]")) tell(job, job.querySelector("[data-state]").dataset.state);
}

function happened(message) {
  const event = JSON.parse(message.data);
  const job = document.querySelector(`[data-job="${CSS.escape(event.job)}"]`);
  if (job) {
    show(job, event.progress);
    const state = WORDS[event.progress.state] || event.progress.state.replaceAll("_", " ").toLowerCase();
    refresh(tell(job, state) || event.event !== "chunk" ? SOON : OFTEN);
  } else {
    refresh(event.event === "chunk" ? OFTEN : SOON);
  }
}

// Fetch the page once, at the earliest moment that somebody asked for, and never more often than every `wait` ms.
function refresh(wait) {
  const at = Math.max(Date.now() + SOON, fetched + wait);
  if (timer && due <= at) return;
  clearTimeout(timer);
  due = at;
  timer = setTimeout(again, at - Date.now());
}

async function again() {
  timer = 0;
  if (fetching) return refresh(SOON);
  fetching = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    if (answer.redirected) return location.assign(answer.url);
    if (answer.ok) swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // The stream of events notices too, and says so.
  } finally {
    fetching = false;
    fetched = Date.now();
  }
}

function swap(page) {
  const focused = document.activeElement && document.activeElement.id;
  for (const fresh of page.querySelectorAll("[data-live]")) {
    const old = document.querySelector(`[data-live="${fresh.dataset.live}"]`);
    if (old) old.replaceWith(document.adoptNode(fresh));
    else document.querySelector("main").append(document.adoptNode(fresh));
  }
  if (focused && document.activeElement.id !== focused) {
    const same = document.getElementById(focused);
    (same || document.getElementById("main")).focus({ preventScroll: true });
  }
  local();
  tellAll();
}

// Moments are written in UTC for those without a script, and in the viewer's own time for everyone else.
function local() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    time.title = time.dateTime;
    set(time, moments.format(new Date(time.dateTime)));
  }
}

function connect(address) {
  const sign = document.querySelector("[data-connection]");
  const stream = new EventSource(address);
  const say = (text, off) => {
    sign.hidden = !text;
    sign.classList.toggle("off", off);
    set(sign, text);
  };
  stream.onopen = () => say("live", false);
  stream.onerror = () => {
    if (stream.readyState === EventSource.CLOSED) say("not live: load the page again", true);
    else say("connecting …", true);
  };
  for (const kind of KINDS) stream.addEventListener(kind, happened);
  if (address.startsWith("/console/jobs/")) {
    stream.addEventListener("finished", () => {
      stream.close();
      say("", false);
    });
  }
}

document.addEventListener("submit", (event) => {
  const ask = event.target.dataset.ask;
  if (ask && !confirm(ask)) event.preventDefault();
});
local();
tellAll();
if (document.body.dataset.stream) connect(document.body.dataset.stream);
