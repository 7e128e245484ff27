import CobrowseAPI from "/assets/cobrowse-agent-sdk.js";

const frame = document.getElementById("cobrowse");
const message = document.getElementById("message");
let cobrowse;
let context;

/// Hands a new token over; answers when to do it again, in milliseconds.
async function handOver() {
  const response = await fetch(frame.dataset.tokenRoute, { method: "POST" });
  if (response.status === 401) {
    // Signed out meanwhile: the portal answers with the form.
    location.reload();
  }
  if (!response.ok) throw new Error(`the portal answered ${response.status}`);
  const { token, expires_at, api } = await response.json();
  cobrowse ??= new CobrowseAPI(null, { api });
  cobrowse.token = token;
  context?.destroy();
  context = await cobrowse.attachContext(frame);
  // A minute before it expires; `expires_at` is in seconds.
  return expires_at * 1000 - Date.now() - 60_000;
}

async function keepSignedIn() {
  const again = await handOver().then(
    (again) => {
      message.textContent = "";
      return again;
    },
    () => {
      message.textContent = "Cobrowse cannot be reached now. Trying again in half a minute.";
      return 30_000;
    },
  );
  setTimeout(keepSignedIn, Math.max(again, 30_000));
}

keepSignedIn();
