import CobrowseAPI from "/assets/cobrowse-agent-sdk.js";
import { addFrame, message } from "/assets/embed.js";

const RETRY = 30_000;
const FRAME_TIMEOUT = 10_000;

const problems = { portal: "", instance: "" };
let frame;
let cobrowse;
let context;

function report(source, problem) {
  problems[source] = problem;
  message.textContent = problems.portal || problems.instance;
}

/// Sends a new token to the iframe. Returns the number of milliseconds until the next one is due, a minute before this one expires.
async function sendToken() {
  const response = await fetch(message.dataset.tokenRoute, { method: "POST" });
  if (response.status === 401) location.reload(); // Signed out: the portal returns the log-in form.
  if (!response.ok) throw new Error(`status ${response.status}`);
  const { token, expires_at, api } = await response.json();
  cobrowse ??= new CobrowseAPI(null, { api });
  cobrowse.token = token;
  context?.destroy();
  context = await cobrowse.attachContext(frame);
  return expires_at * 1000 - Date.now() - 60_000;
}

async function renewToken() {
  let delay = RETRY;
  try {
    delay = Math.max(await sendToken(), RETRY);
    report("portal", "");
  } catch {
    report("portal", "The portal cannot issue a token. Trying again in 30 seconds.");
  }
  setTimeout(renewToken, delay);
}

const { origin } = new URL(message.dataset.src);
const timeout = setTimeout(() => {
  report("instance", `No response from ${origin} for 10 seconds. Check that this browser can open it.`);
}, FRAME_TIMEOUT);

addEventListener("message", (event) => {
  if (event.source !== frame.contentWindow || event.origin !== origin) return;
  clearTimeout(timeout);
  report("instance", "");
});

// After the listener, which must receive the first message.
frame = addFrame();
renewToken();
