import CobrowseAPI from "/assets/cobrowse-agent-sdk.js";

const frame = document.getElementById("cobrowse");
let cobrowse;
let context;

async function handOver() {
  const response = await fetch(frame.dataset.token, { method: "POST" });
  if (!response.ok) {
    // Signed out meanwhile: the portal answers with the form.
    location.reload();
    return;
  }
  const { token, expires_at, api } = await response.json();
  cobrowse ??= new CobrowseAPI(null, { api });
  cobrowse.token = token;
  context?.destroy();
  context = await cobrowse.attachContext(frame);
  // A minute before it expires, in milliseconds; `expires_at` is in seconds.
  setTimeout(handOver, Math.max(expires_at * 1000 - Date.now() - 60_000, 10_000));
}

handOver();
