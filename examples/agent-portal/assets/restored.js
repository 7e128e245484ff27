// The browser kept the whole page while it was left, the iframe with its token included: ask the portal again.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
