// The hint panel beside the product. It is no part of the product, so it is marked to be ignored by the agent.

const STORED = "demo-lab-open";
const TEXT = {
  connected: "Agent: watching",
  unavailable: "Agent: not reachable. The product works without it.",
};

/** Make the panel collapsible; closed at first where the screen is narrow, and as the visitor left it otherwise. */
export function wireLab() {
  const toggle = document.getElementById("lab-toggle");
  const remembered = recall();
  setOpen(toggle, remembered ?? window.matchMedia("(min-width: 900px)").matches);
  toggle.addEventListener("click", () => {
    const open = toggle.getAttribute("aria-expanded") !== "true";
    setOpen(toggle, open);
    remember(open);
  });
}

/** Say in the panel whether the agent is there. */
export function showAgentState(agentState) {
  const line = document.getElementById("agent-state");
  line.textContent = TEXT[agentState];
  line.parentElement.dataset.state = agentState;
}

/** Say as whom the visitor is known, so that their timeline can be asked for. */
export function showVisitor(userId) {
  document.getElementById("visitor-id").textContent = userId;
  document.getElementById("visitor").hidden = false;
}

function setOpen(toggle, open) {
  toggle.setAttribute("aria-expanded", String(open));
  document.getElementById("lab-body").hidden = !open;
  document.getElementById("lab").classList.toggle("closed", !open);
}

// Storage may be forbidden; the panel then forgets.
function recall() {
  try {
    const stored = sessionStorage.getItem(STORED);
    return stored === null ? null : stored === "true";
  } catch {
    return null;
  }
}

function remember(open) {
  try {
    sessionStorage.setItem(STORED, String(open));
  } catch {
    // Nothing to do: remembering is a nicety.
  }
}
