// The only place that knows the onboarding agent. The product must work the same without it: every call is guarded,
// what is tracked before the script has arrived waits, and what cannot be sent is dropped.

const MAX_WAITING = 50;
const waiting = [];
let ready = false;
let gaveUp = false;

/** Start the SDK as soon as its script is there; `onState` hears "connected" or "unavailable". */
export function startAgent(settings, onState) {
  const script = document.getElementById("onboarding-agent-sdk");
  const start = () => initialise(settings, onState);
  if (window.OnboardingAgent) {
    start();
    return;
  }
  script.addEventListener("load", start);
  script.addEventListener("error", () => giveUp(onState));
  // The script may have failed before this module ran; then neither event comes again.
  const timing = performance.getEntriesByName(script.src).at(-1);
  if (timing?.responseStatus >= 400) giveUp(onState);
}

/** Track an event of the product; never throws. */
export function track(name, properties) {
  if (!ready) {
    if (!gaveUp && waiting.length < MAX_WAITING) waiting.push([name, properties]);
    return;
  }
  guard(() => window.OnboardingAgent.track(name, properties));
}

function initialise({ publicKey, apiUrl, wsUrl }, onState) {
  if (ready) return;
  const started = guard(() => {
    window.OnboardingAgent.init({ apiKey: publicKey, apiUrl, wsUrl, userToken });
    return true;
  });
  if (!started) {
    giveUp(onState);
    return;
  }
  ready = true;
  waiting.splice(0).forEach(([name, properties]) => track(name, properties));
  onState("connected");
}

async function userToken() {
  const response = await fetch("/session/token");
  if (!response.ok) throw new Error(`no user token: ${response.status}`);
  return (await response.json()).token;
}

function giveUp(onState) {
  gaveUp = true;
  waiting.length = 0;
  onState("unavailable");
}

function guard(action) {
  try {
    return action();
  } catch (error) {
    console.warn("onboarding agent:", error);
    return undefined;
  }
}
