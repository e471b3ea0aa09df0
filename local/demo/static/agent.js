// The only place that knows the onboarding agent. The product must work the same without it: every call is guarded,
// what is tracked before the script has arrived waits, and what cannot be sent is dropped.

const MAX_WAITING = 50;
const THEME = { variables: { "--oa-accent": "light-dark(#11594f, #7cc8ba)" } };
const CHAT = {
  title: "Curlewfield help",
  suggestions: ["Where do I find my CRM key?", "How do I import contacts?", "كيف أدعو فريقي؟"],
};
const waiting = [];
let ready = false;
let gaveUp = false;

/** Start the SDK once its script has arrived or failed; `onState` hears "connected" or "unavailable". */
export function startAgent(settings, onState) {
  const start = () => (window.OnboardingAgent ? initialise(settings, onState) : giveUp(onState));
  // The page's load event waits for the SDK's script, and comes whether that script was loaded or not.
  if (document.readyState === "complete") start();
  else window.addEventListener("load", start);
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
  const started = guard(() => {
    window.OnboardingAgent.init({ apiKey: publicKey, apiUrl, wsUrl, userToken, theme: THEME, chat: CHAT });
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
