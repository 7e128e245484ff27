const query = new URLSearchParams(location.search);
let token = query.get("token");

function show(state, message) {
  document.body.dataset.state = state;
  document.getElementById("message").textContent = message;
}

async function call(path, options = {}) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(path, { headers, ...options });
  const body = await response.json();
  if (!response.ok) throw new Error(body.message);
  return body;
}

function card(device) {
  const item = document.createElement("li");
  const name = document.createElement("strong");
  name.textContent = device.device.device;
  const details = document.createElement("small");
  details.textContent = `${device.custom_data.user_name} · ${device.device.platform}`;
  const button = document.createElement("button");
  button.textContent = "Connect";
  button.setAttribute("aria-label", `Connect to ${device.device.device}`);
  button.addEventListener("click", () => connect(device));
  item.append(name, details, button);
  return item;
}

async function connect(device) {
  try {
    const session = await call("/api/1/sessions", { method: "POST", body: JSON.stringify({ device: device.id }) });
    show("ready", `Waiting for ${device.custom_data.user_name} to accept (${session.id}).`);
  } catch (error) {
    show("refused", `No session: ${error.message}.`);
  }
}

async function signIn() {
  try {
    const me = await call("/api/1/users/me");
    document.getElementById("agent").textContent = me.name ? `${me.name} · ${me.email}` : me.email;
    const filters = new URLSearchParams([...query].filter(([name]) => name.startsWith("filter_")));
    const devices = await call(`/api/1/devices?${filters}`);
    document.getElementById("devices").replaceChildren(...devices.map(card));
    show("ready", devices.length === 1 ? "1 device" : `${devices.length} devices`);
  } catch (error) {
    show("refused", `Refused: ${error.message}.`);
  }
}

if (token) {
  signIn();
} else if (query.get("token_source") === "postMessage" && window.parent !== window) {
  // The messages of Cobrowse's Agent SDK: the frame sends `init`, and the parent answers with `token`.
  addEventListener("message", ({ data, source }) => {
    if (source !== window.parent || !data?.cobrowseio || data.event !== "token") return;
    token = data.data;
    signIn();
  });
  window.parent.postMessage({ cobrowseio: true, event: "init", data: null, trustedOnly: false }, "*");
} else {
  show("refused", "Refused: no token.");
}
