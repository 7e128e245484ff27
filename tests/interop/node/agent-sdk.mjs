// Calls Cobrowse's REST API with the official client, the npm package `cobrowse-agent-sdk`.
//
// stdin:  {"api": "http://127.0.0.1:1234", "calls": [{"token": "...", "call": "devices", "id": "..."}, ...]}
// stdout: [{"ok": ...} | {"error": {"name", "id", "message", "status"}}, ...]

import { load, run } from "./program.mjs";

const CobrowseAPI = await load("cobrowse-agent-sdk");
// Node has a WebSocket from version 22.
globalThis.WebSocket ??= (await load("ws")).WebSocket;

const calls = {
  me: async (cobrowse) => (await cobrowse.users.current()).id,
  license: async (cobrowse) => (await cobrowse.accounts.list()).map((account) => account.license_key),
  devices: async (cobrowse) => (await cobrowse.devices.list()).map((device) => device.id),
  device: async (cobrowse, id) => (await cobrowse.devices.get(id)).custom_data,
  sessions: async (cobrowse) => (await cobrowse.sessions.list()).map((session) => session.id),
  allSessions: async (cobrowse) => (await cobrowse.sessions.list({ agent: "all" })).map((session) => session.id),
  start: async (cobrowse, id) => (await cobrowse.sessions.create({ device: id })).state,
  end: async (cobrowse, id) => {
    const session = await cobrowse.sessions.get(id);
    await session.end();
    return session.state;
  },
  // Resolves when the service accepted the token at the socket and acknowledged a message.
  socket: async (cobrowse, id) => {
    const device = await cobrowse.devices.get(id);
    const open = new Promise((resolve) => cobrowse.on("socket:open", resolve));
    await device.subscribe();
    await open;
    cobrowse.disconnect();
    return "open";
  },
};

run(async ({ api, calls: requested }) => {
  const results = [];
  for (const { token, call, id } of requested) {
    try {
      results.push({ ok: await calls[call](new CobrowseAPI(token, { api }), id) });
    } catch (error) {
      // Errors without an id do not come from the service.
      if (!error.id) throw error;
      const { name, id: kind, message, status } = error;
      results.push({ error: { name, id: kind, message, status } });
    }
  }
  return results;
});
