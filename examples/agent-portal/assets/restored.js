// After a navigation back, the browser can restore the whole page from memory, with the iframe and its token: load it again.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
