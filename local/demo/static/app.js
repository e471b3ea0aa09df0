// The demo's single-page app: picks the view by the path, wires its form, and tells the agent what was completed.

import { startAgent, track } from "./agent.js";
import { call } from "./api.js";
import { wireContacts } from "./contacts.js";
import { fillForm, wireForm } from "./forms.js";
import { wireLab, showAgentState, showVisitor } from "./lab.js";
import { TITLES, showChecklist, showProgress, status } from "./progress.js";
import { showReport } from "./report.js";

const settings = document.body.dataset;
let state;

boot();

async function boot() {
  wireLab();
  document.addEventListener("click", followRoute);
  window.addEventListener("popstate", () => render());
  document.getElementById("start-over").addEventListener("click", startOver);
  const answer = await call("/session");
  if (answer.status !== 200) {
    showOutage(answer.data.message);
    return;
  }
  state = answer.data;
  render();
  showVisitor(state.user_id);
  startAgent(settings, showAgentState);
}

function followRoute(event) {
  const link = event.target.closest("a[data-route]");
  if (!link || event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if (state) go(link.getAttribute("href"));
}

function go(path) {
  if (path !== location.pathname) history.pushState(null, "", path);
  render();
  document.getElementById("main").focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function render() {
  const step = stepOnScreen();
  const template = document.getElementById(step ? `view-${step}` : "view-home");
  const view = template.content.cloneNode(true);
  if (step) wireStep(view, step);
  else showChecklist(view, state);
  document.getElementById("view").replaceChildren(view);
  showProgress(state, step);
  document.title = step ? `${TITLES[step]} – ${settings.company}` : settings.company;
}

// A step that is not open yet leads to the one that is, so that a bookmarked address never shows a form too early.
function stepOnScreen() {
  const asked = location.pathname.slice(1);
  if (!state.steps.includes(asked)) return null;
  if (status(state, asked) !== "later") return asked;
  history.replaceState(null, "", `/${state.current}`);
  return state.current;
}

function wireStep(view, step) {
  if (step === "report") {
    showReport(view, state);
    finish();
    return;
  }
  const form = view.querySelector("form");
  fillForm(form, state.saved[step]);
  if (state.saved[step]) addNextLink(view, step);
  wireForm(form, (values) => call(`/session/steps/${step}`, values), (answer) => stepDone(step, answer));
  wireHelp(view);
  if (step === "import-contacts") wireContacts(view);
}

function stepDone(step, answer) {
  state = answer;
  if (answer.first_time) track("step_completed", { step });
  go(pathAfter(step));
}

// A step that is done can be left forwards without doing it again.
function addNextLink(view, step) {
  const link = document.createElement("a");
  link.setAttribute("href", pathAfter(step));
  link.dataset.route = "";
  link.textContent = "Next step";
  const leave = view.querySelector(".leave") ?? view.querySelector("form").appendChild(document.createElement("p"));
  leave.className = "leave";
  leave.append(link);
}

function pathAfter(step) {
  return `/${state.steps[state.steps.indexOf(step) + 1]}`;
}

// Seeing the report is the last step; the server knows whether it is the first time.
async function finish() {
  if (state.saved.report) return;
  const { status: code, data } = await call("/session/steps/report", {});
  if (code !== 200) return;
  state = data;
  if (!data.first_time) return;
  track("step_completed", { step: "report" });
  track("onboarding_completed");
  showProgress(state, "report");
}

function wireHelp(view) {
  for (const link of view.querySelectorAll("[data-help]")) {
    link.addEventListener("click", () => {
      const help = document.getElementById(link.getAttribute("aria-controls"));
      help.hidden = !help.hidden;
      link.setAttribute("aria-expanded", String(!help.hidden));
    });
  }
}

async function startOver() {
  await call("/session/reset", {});
  location.assign("/");
}

function showOutage(message) {
  const note = document.createElement("p");
  note.className = "card";
  note.setAttribute("role", "alert");
  note.textContent = message;
  document.getElementById("view").replaceChildren(note);
}
