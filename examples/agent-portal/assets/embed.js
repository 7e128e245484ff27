export const message = document.getElementById("message");

// The HTML must not contain the iframe: after a navigation back, Chromium and Firefox load such an iframe from the URL in the session
// history, which contains an old token, possibly another agent's.
export function addFrame() {
  const frame = document.createElement("iframe");
  message.before(Object.assign(frame, { id: "cobrowse", title: "Cobrowse", src: message.dataset.src }));
  return frame;
}
