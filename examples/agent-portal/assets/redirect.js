import { addFrame, message } from "/assets/embed.js";

addFrame();
setTimeout(() => {
  message.textContent = "The token has expired. Reload the page to continue.";
}, message.dataset.lifetime * 1000);
