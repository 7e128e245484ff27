// Uses the agent portal in Chromium or Firefox, and prints what was visible. The assertions are the caller's.
//
// stdin:  {"browser": "chromium", "scenario": "embed", "embed": "redirect", "portal": "http://...", "instance": "http://...",
//         "elsewhere": "http://...", "foreign": ["http://...", ...], "password": "...", "keepsPages": true, "pictures": "a folder"}
// stdout: what the scenario returns
//
// COBROWSE_TEST_CHROMIUM and COBROWSE_TEST_FIREFOX contain the paths of the browsers.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { load, run } from "./program.mjs";

const puppeteer = await load("puppeteer-core");
const TIMEOUT = 60_000;

/// Repeats a check until its result is true. A check can fail or hang while a page is being replaced.
async function until(check) {
  const deadline = Date.now() + TIMEOUT;
  for (;;) {
    const result = await Promise.race([check(), sleep(3_000)]).catch((error) => {
      if (Date.now() > deadline) throw error;
    });
    if (result) return result;
    if (Date.now() > deadline) throw new Error(`not within ${TIMEOUT} ms: ${check}`);
    await sleep(25);
  }
}

/// Runs in the page: counts requests for tokens and can let them fail. `Date.now` is fixed; `advance` moves it and runs timers of a
/// second or more.
function fakePortalAndClock() {
  const [start, stop, request] = [setTimeout, clearTimeout, fetch];
  let now = Date.now();
  let timers = [];
  Date.now = () => now;
  globalThis.setTimeout = (callback, delay, ...rest) => {
    if (!(delay >= 1_000)) return start(callback, delay, ...rest);
    const timer = { callback, delay, at: Date.now() + delay };
    timers.push(timer);
    return timer;
  };
  globalThis.clearTimeout = (timer) => {
    stop(timer);
    timers = timers.filter((other) => other !== timer);
  };
  globalThis.advance = (seconds) => {
    now += seconds * 1_000;
    const due = timers.filter(({ at }) => at <= Date.now());
    timers = timers.filter((timer) => !due.includes(timer));
    for (const { callback } of due) callback();
  };
  // The page renews a token after 30 seconds or more.
  globalThis.isRenewalDue = () => timers.some(({ delay }) => delay >= 30_000);
  globalThis.tokenRequests = 0;
  globalThis.tokenStatus = null;
  globalThis.fetch = (...parameters) => {
    if (!String(parameters[0]).endsWith("/token")) return request(...parameters);
    tokenRequests += 1;
    return tokenStatus ? Promise.resolve(new Response("", { status: tokenStatus })) : request(...parameters);
  };
}

class Visit {
  static async start(question) {
    const visit = Object.assign(new Visit(), question);
    const isChromium = visit.browser === "chromium";
    const args = ["--no-sandbox", "--disable-gpu", "--disable-component-update"];
    if (!visit.keepsPages) args.push("--disable-features=BackForwardCache");
    visit.driver = await puppeteer.launch({
      browser: isChromium ? "chrome" : "firefox",
      executablePath: process.env[isChromium ? "COBROWSE_TEST_CHROMIUM" : "COBROWSE_TEST_FIREFOX"],
      args: isChromium ? args : [],
      defaultViewport: { width: 1280, height: 800 },
    });
    visit.page = await visit.driver.newPage();
    visit.page.setDefaultTimeout(TIMEOUT);
    // How often the browser restored a whole page from memory.
    await visit.page.evaluateOnNewDocument(() => {
      addEventListener("pageshow", ({ persisted }) => {
        if (persisted) sessionStorage.setItem("restored", Number(sessionStorage.getItem("restored")) + 1);
      });
    });
    return visit;
  }

  /// Signs in with the form, and waits for the first customer's page.
  async signIn(email = "jane@example.com") {
    if (!this.page.url().startsWith(`${this.portal}/`)) await this.page.goto(`${this.portal}/login`);
    await this.page.locator("[name=email]").fill(email);
    await this.page.locator("[name=password]").fill(this.password);
    return this.newToken(() => this.page.click(".login button"));
  }

  async signOut() {
    await this.page.click("header button");
    await this.page.waitForSelector(".login");
  }

  open(path) {
    return this.newToken(() => this.navigate(this.portal + path));
  }

  /// Opens the page that embeds Cobrowse in the way of the question.
  openCustomer(id = 42) {
    return this.open(`/customers/${id}?embed=${this.embed}`);
  }

  /// Opens the other site.
  leave() {
    return this.navigate(`${this.elsewhere}/`);
  }

  /// Opens a page like a link. In Firefox, `goto` does not always return if the page before contains an iframe of another site.
  async navigate(url) {
    await this.page.evaluate((url) => {
      // Tells the page before from the page after if both have this URL.
      window.isLeft = true;
      setTimeout(() => location.assign(url));
    }, url);
    const isThere = () => !window.isLeft && document.readyState === "complete";
    await until(() => this.page.url() === url && this.page.evaluate(isThere));
  }

  /// Goes through the history, as the browser's buttons do.
  go(delta) {
    return this.newToken(() => this.page.evaluate((delta) => setTimeout(() => history.go(delta)), delta));
  }

  /// Does something that makes the portal issue a token, and waits until Cobrowse has accepted or refused it.
  async newToken(action) {
    const issued = this.page.waitForRequest((request) => /\/(cobrowse|token)$/.test(new URL(request.url()).pathname));
    await Promise.all([issued, action()]);
    return this.embedded();
  }

  async frame() {
    return (await this.page.$("#cobrowse")).contentFrame();
  }

  embedded() {
    return until(async () => {
      const frame = await this.frame();
      const seen = await frame.evaluate(() => ({
        state: document.body.dataset.state,
        agent: document.getElementById("agent").innerText,
        devices: [...document.querySelectorAll("li strong")].map((device) => device.innerText),
      }));
      return seen.state !== "waiting" && seen;
    });
  }

  /// Presses Connect for the first device, and returns the message.
  async connect() {
    const frame = await this.frame();
    await frame.evaluate(() => {
      document.getElementById("message").textContent = "";
      document.querySelector("li button").click();
    });
    return until(() => frame.evaluate(() => document.getElementById("message").textContent));
  }

  text(selector) {
    return this.page.$eval(selector, (element) => element.innerText);
  }

  /// Returns how far the widest element exceeds the window, in pixels.
  overflow() {
    return this.page.evaluate(() => {
      const widths = [...document.querySelectorAll("body *")].map((element) => element.getBoundingClientRect().right);
      return Math.max(0, ...widths.map((right) => Math.ceil(right - innerWidth)));
    });
  }

  async picture(name) {
    const path = (scheme) => join(this.pictures, `${this.browser}-${name}-${scheme}.png`);
    await this.page.screenshot({ path: path("light") });
    // Puppeteer has no dark mode for Firefox.
    if (this.browser === "firefox") return;
    await this.page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
    await this.page.screenshot({ path: path("dark") });
    await this.page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
  }
}

const scenarios = {
  /// Includes all that a script of the embedding page can read.
  async embed(visit) {
    await visit.signIn();
    const embedded = await visit.openCustomer();
    const parent = await visit.page.evaluate(() => ({
      dom: document.documentElement.outerHTML,
      src: document.getElementById("cobrowse").src,
      timing: performance.getEntries().map((entry) => entry.name),
      storage: JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
      location: (() => {
        try {
          return document.getElementById("cobrowse").contentWindow.location.href;
        } catch (error) {
          return error.name;
        }
      })(),
    }));
    const referrer = await (await visit.frame()).evaluate(() => document.referrer);
    await visit.picture(visit.embed);
    return { embedded, parent, referrer };
  },

  /// Adds iframes of other origins, and of the instance.
  async frames(visit) {
    await visit.signIn();
    await visit.openCustomer();
    const violations = await visit.page.evaluate(async (urls) => {
      const found = [];
      for (const src of urls) {
        const frame = document.createElement("iframe");
        await new Promise((resolve) => {
          document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
            found.push([effectiveDirective, new URL(blockedURI).origin]);
            resolve();
          }, { once: true });
          // A blocked frame can have this event too, before or after the other one.
          if (src.endsWith("/code")) frame.addEventListener("load", resolve);
          document.body.append(Object.assign(frame, { src }));
        });
      }
      return found;
    }, [...visit.foreign.map((origin) => `${origin}/frame`), `${visit.instance}/code`]);
    return { violations };
  },

  async reload(visit) {
    await visit.signIn();
    const seen = [await visit.openCustomer()];
    seen.push(await visit.newToken(() => visit.page.reload()));
    return { seen };
  },

  /// Returns from another site and from another page of the portal, by back and forward.
  async history(visit) {
    await visit.signIn();
    const seen = [await visit.openCustomer()];
    await visit.leave();
    seen.push(await visit.go(-1));
    await visit.openCustomer(43);
    seen.push(await visit.go(-1));
    seen.push(await visit.go(1));
    seen.push(await visit.go(-1));
    const restored = await visit.page.evaluate(() => Number(sessionStorage.getItem("restored")));
    return { seen, restored, version: await visit.driver.version() };
  },

  /// The event that a browser sends after it restored a whole page from memory.
  async restored(visit) {
    await visit.signIn();
    const seen = [await visit.openCustomer()];
    const restore = () => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    seen.push(await visit.newToken(() => visit.page.evaluate(restore)));
    return { seen };
  },

  async backAfterSignOut(visit) {
    await visit.signIn();
    await visit.openCustomer();
    await visit.signOut();
    await visit.page.evaluate(() => setTimeout(() => history.back()));
    await until(() => visit.page.url().includes("/customers/42"));
    await until(() => visit.page.$(".login"));
    return { frames: visit.page.frames().length };
  },

  /// Jane leaves a page, returns and signs out. Omar signs in and goes back to that page.
  async secondAgent(visit) {
    await visit.signIn("jane@example.com");
    await visit.openCustomer(43);
    await visit.leave();
    const jane = await visit.go(-1);
    await visit.signOut();
    await visit.signIn("omar@example.com");
    const seen = [];
    const look = async (embedded) => {
      const url = (await visit.frame()).url();
      seen.push({ path: visit.page.url().slice(visit.portal.length), agent: await visit.text("header span"), embedded, url });
    };
    await look(await visit.go(-2));
    const connected = [await visit.connect(), await visit.connect()];
    await look(await visit.newToken(() => visit.page.evaluate(() => setTimeout(() => location.reload()))));
    await look(await visit.go(2));
    await look(await visit.go(-2));
    return { jane, seen, connected };
  },

  /// The tokens' lifetime passes, and then the portal fails for a while.
  async renewal(visit) {
    await visit.page.evaluateOnNewDocument(fakePortalAndClock);
    await visit.signIn();
    const { page } = visit;
    const counts = [];
    const advance = async (seconds) => {
      await until(() => page.evaluate(() => isRenewalDue()));
      await page.evaluate((seconds) => advance(seconds), seconds);
      counts.push(await page.evaluate(() => tokenRequests));
    };
    /// Advances the clock, and waits until the iframe has used a new token.
    const renew = async (seconds) => {
      await (await visit.frame()).evaluate(() => { document.getElementById("agent").textContent = ""; });
      await visit.newToken(() => advance(seconds));
      await until(async () => (await visit.embedded()).agent !== "");
    };
    const message = () => visit.text("#message");
    await advance(0);
    await advance(13 * 60);
    await renew(2 * 60);
    const renewed = await message();
    await page.evaluate(() => { tokenStatus = 503; });
    await advance(15 * 60);
    const failing = await until(message);
    await page.evaluate(() => { tokenStatus = null; });
    await renew(31);
    await until(async () => (await message()) === "");
    return { counts, renewed, failing, embedded: await visit.embedded() };
  },

  /// The instance does not answer.
  async unreachable(visit) {
    const { page } = visit;
    await page.evaluateOnNewDocument(fakePortalAndClock);
    await page.goto(`${visit.portal}/login`);
    await page.locator("[name=email]").fill("jane@example.com");
    await page.locator("[name=password]").fill(visit.password);
    await Promise.all([page.waitForResponse((response) => response.url().endsWith("/token")), page.click(".login button")]);
    const messages = [];
    for (const seconds of [5, 6]) {
      await page.evaluate((seconds) => advance(seconds), seconds);
      messages.push(await visit.text("#message"));
    }
    await visit.picture("unreachable");
    await (await visit.frame()).evaluate(() => parent.postMessage("ready", "*"));
    await until(async () => (await visit.text("#message")) === "");
    return { messages };
  },

  /// A token in a URL is not renewed.
  async expiry(visit) {
    await visit.page.evaluateOnNewDocument(fakePortalAndClock);
    await visit.signIn();
    await visit.openCustomer();
    const messages = [];
    for (const seconds of [4 * 60, 60]) {
      await visit.page.evaluate((seconds) => advance(seconds), seconds);
      messages.push(await visit.text("#message"));
    }
    return { messages };
  },

  async signedOut(visit) {
    const seen = [];
    for (const path of ["/", "/customers/42", "/customers/42?embed=redirect", "/customers/42/cobrowse"]) {
      const response = await visit.page.goto(visit.portal + path);
      seen.push([response.status(), await visit.page.$("[name=password]") !== null, visit.page.frames().length]);
    }
    await visit.picture("signed-out");
    await visit.page.goto(`${visit.portal}/login`);
    const token = await visit.page.evaluate(async () => (await fetch("/customers/42/token", { method: "POST" })).status);
    return { seen, token };
  },

  /// Mistypes the password, and then returns to the page that was open.
  async wrongPassword(visit) {
    const { page } = visit;
    await page.goto(`${visit.portal}/customers/43?embed=redirect`);
    await page.locator("[name=email]").fill("jane@example.com");
    await page.locator("[name=password]").fill("not it");
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    const alert = await visit.text("[role=alert]");
    const email = await page.$eval("[name=email]", (input) => input.value);
    // The browser sets the focus when it renders the page.
    const focus = await until(() => page.evaluate(() => document.activeElement.name));
    const cookies = await page.browserContext().cookies();
    await visit.picture("wrong-password");
    await page.locator("[name=password]").fill(visit.password);
    const embedded = await visit.newToken(() => page.click(".login button"));
    return { alert, email, focus, cookies, embedded, path: page.url().slice(visit.portal.length) };
  },

  /// A page of another site attacks, in the browser of an agent who is signed in.
  async attack(visit) {
    await visit.signIn();
    const cookies = await visit.page.browserContext().cookies();
    await visit.leave();
    const read = await visit.page.evaluate(async (portal) => {
      const frames = ["/customers/42?embed=redirect", "/customers/42/cobrowse"].map((path) => {
        const frame = document.createElement("iframe");
        frame.src = portal + path;
        const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
        document.body.append(frame);
        return loaded;
      });
      await Promise.all(frames);
      const image = new Image();
      image.src = `${portal}/customers/42/cobrowse`;
      await new Promise((resolve) => image.addEventListener("error", resolve));
      const read = [];
      for (const [path, method] of [["/customers/42/token", "POST"], ["/customers/42/cobrowse", "GET"]]) {
        for (const mode of ["cors", "no-cors"]) {
          const answer = await fetch(portal + path, { method, mode, credentials: "include" }).catch(() => null);
          read.push(answer ? [answer.type, await answer.text()] : "refused");
        }
      }
      return read;
    }, visit.portal);
    // Any site can navigate the whole window.
    for (const [path, method] of [["/customers/42/token", "post"], ["/customers/42/cobrowse", "get"], ["/login", "post"]]) {
      await visit.leave();
      await visit.page.evaluate(([action, method]) => {
        const form = Object.assign(document.createElement("form"), { action, method });
        form.append(document.createElement("button"));
        document.body.append(form);
        form.lastChild.focus();
      }, [visit.portal + path, method]);
      // By the keyboard: a script that submits the form can lose its context before it returns.
      await visit.page.keyboard.press("Enter");
      await until(() => visit.page.url().startsWith(visit.portal));
      await until(() => visit.page.$("h1"));
    }
    await visit.picture("refused");
    return { cookies, read };
  },

  async otherAgentsCustomer(visit) {
    await visit.signIn();
    const seen = [];
    for (const path of ["/customers/44", "/customers/44?embed=redirect", "/customers/no-such"]) {
      const response = await visit.page.goto(visit.portal + path);
      seen.push([response.status(), visit.page.frames().length, await visit.page.content()]);
    }
    await visit.picture("not-found");
    await visit.open("/customers/43");
    const token = await visit.page.evaluate(async () => (await fetch("/customers/44/token", { method: "POST" })).status);
    await visit.page.evaluate(() => {
      document.body.append(Object.assign(document.createElement("iframe"), { id: "other", src: "/customers/44/cobrowse" }));
    });
    const framed = await until(async () => {
      const frame = await (await visit.page.$("#other")).contentFrame();
      return frame.$eval("h1", (heading) => heading.innerText);
    });
    return { seen, token, framed };
  },

  /// From the form to the second customer's device, without a mouse.
  async keyboard(visit) {
    const { page } = visit;
    await page.goto(visit.portal);
    await visit.picture("sign-in");
    await page.keyboard.type("jane@example.com");
    await page.keyboard.press("Tab");
    await page.keyboard.type(visit.password);
    await visit.newToken(() => page.keyboard.press("Enter"));
    const stops = [];
    while (!stops.at(-1)?.startsWith("Björn") && stops.length < 9) {
      await page.keyboard.press("Tab");
      stops.push(await page.evaluate(() => document.activeElement.innerText.split("\n")[0]));
    }
    const embedded = await visit.newToken(() => page.keyboard.press("Enter"));
    // Into the iframe, to the button of the one device.
    const frame = await visit.frame();
    const isFocused = () => frame.evaluate(() => document.activeElement.ariaLabel === "Connect to iPhone 17");
    for (let stop = 0; stop < 12 && !(await isFocused()); stop += 1) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    const waiting = () => frame.evaluate(() => document.getElementById("message").textContent);
    await until(async () => (await waiting()).startsWith("Waiting"));
    return { stops, embedded, connected: await waiting() };
  },

  /// 400 pixels wide, and half the size at 200% zoom.
  async smallWindow(visit) {
    const { page } = visit;
    await page.setViewport({ width: 400, height: 800 });
    await page.goto(`${visit.portal}/login`);
    const overflow = [await visit.overflow()];
    const embedded = await visit.signIn();
    overflow.push(await visit.overflow());
    await visit.picture("narrow");
    await page.setViewport({ width: 640, height: 400, deviceScaleFactor: 2 });
    await visit.openCustomer();
    overflow.push(await visit.overflow());
    await visit.picture("zoomed");
    const height = await page.$eval("#cobrowse", (frame) => frame.clientHeight);
    return { embedded, overflow, height };
  },

  /// The Agent SDK is not installed.
  async missingSdk(visit) {
    const { page } = visit;
    await page.setViewport({ width: 400, height: 800 });
    await visit.signIn();
    await visit.navigate(`${visit.portal}/customers/42?embed=post-message`);
    await visit.picture("missing-sdk");
    return { text: await visit.text(".missing"), overflow: await visit.overflow() };
  },
};

run(async (question) => {
  const visit = await Visit.start(question);
  try {
    return await scenarios[question.scenario](visit);
  } finally {
    await visit.driver.close();
  }
});
