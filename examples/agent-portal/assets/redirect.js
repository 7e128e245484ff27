const frame = document.getElementById("cobrowse");
const message = document.getElementById("message");

// The HTML must not contain this `src`: after a navigation back or a reload, Firefox loads such an iframe from the URL in its session
// history, which contains the old token, possibly another agent's.
frame.src = frame.dataset.src;

setTimeout(() => {
  message.textContent = "The token has expired. Reload the page to continue.";
}, frame.dataset.lifetime * 1000);
