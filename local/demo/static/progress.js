// The names of the steps, the progress bar above a step, and the checklist on the home page.

export const TITLES = {
  "signup": "Create your account",
  "workspace": "Create your workspace",
  "connect-crm": "Connect your CRM",
  "import-contacts": "Import your contacts",
  "invite-team": "Invite your team",
  "report": "See your first report",
};

const SHORT = {
  "signup": "Account",
  "workspace": "Workspace",
  "connect-crm": "CRM",
  "import-contacts": "Contacts",
  "invite-team": "Team",
  "report": "Report",
};

/** Draw the progress bar for the step on screen, or hide it when there is none. */
export function showProgress(state, step) {
  const nav = document.getElementById("progress");
  nav.hidden = !step;
  if (!step) return;
  const position = state.steps.indexOf(step) + 1;
  document.getElementById("progress-count").textContent = `Step ${position} of ${state.steps.length}`;
  document.getElementById("progress-title").textContent = TITLES[step];
  const items = state.steps.map((key) => progressItem(key, status(state, key), key === step));
  document.getElementById("progress-steps").replaceChildren(...items);
}

/** Draw the checklist of the home page and point its button at the next step. */
export function showChecklist(view, state) {
  const button = view.querySelector("#continue-setup");
  const next = state.current ?? "report";
  button.setAttribute("href", `/${next}`);
  if (!state.current) button.textContent = "Open your report";
  else if (next !== state.steps[0]) button.textContent = `Continue: ${TITLES[next].toLowerCase().replace("crm", "CRM")}`;
  const items = state.steps.map((key) => checklistItem(key, status(state, key)));
  view.querySelector("#checklist").replaceChildren(...items);
}

/** "done", "current" (next to do) or "later". */
export function status(state, key) {
  if (state.saved[key]) return "done";
  return key === state.current ? "current" : "later";
}

function progressItem(key, state, onScreen) {
  const item = document.createElement("li");
  item.className = onScreen ? `${state} on-screen` : state;
  const label = stepLabel(key, state, SHORT[key]);
  if (onScreen) label.setAttribute("aria-current", "step");
  item.append(label);
  return item;
}

function checklistItem(key, state) {
  const item = document.createElement("li");
  item.className = state;
  item.append(stepLabel(key, state, TITLES[key]));
  return item;
}

function stepLabel(key, state, text) {
  const label = document.createElement(state === "later" ? "span" : "a");
  if (state !== "later") {
    label.setAttribute("href", `/${key}`);
    label.dataset.route = "";
  }
  label.textContent = text;
  if (state === "done") label.append(hidden(" (done)"));
  return label;
}

function hidden(text) {
  const span = document.createElement("span");
  span.className = "visually-hidden";
  span.textContent = text;
  return span;
}
