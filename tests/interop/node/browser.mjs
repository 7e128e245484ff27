// Uses the agent portal as a person does, in Chromium, and tells what there was to see. What is right, the caller decides.
//
// stdin:  {"scenario": "handOver", "by": "redirect", "portal": "http://...", "instance": "http://...", "elsewhere": "http://...",
//         "foreign": ["http://...", ...], "password": "...", "pictures": "a folder"}
// stdout: what the scenario saw, and "requests": [{"url", "referer", "status"}, ...] of all that the browser asked for

import { join } from "node:path";

import { load, run } from "./program.mjs";

const { chromium } = await load("playwright-core");

class Visit {
  requests = [];
  /// Look-ups that are under way, about requests.
  details = [];

  static async start(question) {
    const visit = Object.assign(new Visit(), question);
    visit.browser = await chromium.launch({
      executablePath: process.env.COBROWSE_TEST_CHROMIUM,
      // Playwright turns it off, and people have it on.
      ignoreDefaultArgs: question.kept ? ["--disable-back-forward-cache"] : [],
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"],
    });
    visit.context = await visit.browser.newContext({ viewport: { width: 1280, height: 800 } });
    visit.context.setDefaultTimeout(15_000);
    visit.context.on("request", (request) => {
      const entry = { url: request.url(), method: request.method() };
      visit.requests.push(entry);
      visit.details.push(request.allHeaders().then(({ referer }) => Object.assign(entry, { referer })));
    });
    visit.context.on("response", (response) => {
      const { url, method } = { url: response.url(), method: response.request().method() };
      const entry = visit.requests.findLast((entry) => entry.url === url && entry.method === method && !entry.status);
      entry.status = response.status();
    });
    // Whether the browser kept a whole page while it was left.
    await visit.context.addInitScript(() => {
      addEventListener("pageshow", ({ persisted }) => {
        if (persisted) sessionStorage.setItem("kept", Number(sessionStorage.getItem("kept")) + 1);
      });
    });
    visit.page = await visit.context.newPage();
    return visit;
  }

  async signIn(email = "jane@example.com") {
    await this.page.goto(`${this.portal}/login`);
    await this.page.getByLabel("Email").fill(email);
    await this.page.getByLabel("Password").fill(this.password);
    await this.page.getByRole("button", { name: "Sign in" }).click();
    await this.embedded();
  }

  /// Opens a page of the portal, and waits until Cobrowse has accepted or refused its token.
  async open(path) {
    await this.page.goto(this.portal + path);
    return this.embedded();
  }

  async embedded() {
    const frame = this.page.frameLocator("#cobrowse");
    await frame.locator("body:not([data-state=waiting])").waitFor();
    return {
      state: await frame.locator("body").getAttribute("data-state"),
      agent: await frame.locator("#agent").innerText(),
      devices: await frame.locator("li strong").allInnerTexts(),
    };
  }

  /// The page by which the token is handed over in the way that was asked for.
  openCustomer() {
    return this.open(`/customers/42?by=${this.by}`);
  }

  /// All that a script of the embedding page can read.
  async visibleToTheParent() {
    return this.page.evaluate(() => ({
      dom: document.documentElement.outerHTML,
      src: document.getElementById("cobrowse").src,
      timing: performance.getEntries().map((entry) => entry.name),
      storage: JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
      // Of another origin, so that its location is none of the parent's business.
      location: (() => {
        try {
          return document.getElementById("cobrowse").contentWindow.location.href;
        } catch (error) {
          return error.name;
        }
      })(),
    }));
  }

  /// Longer than a second, after which a new token differs from the last one.
  async wait() {
    await this.page.waitForTimeout(1_100);
  }

  async picture(name) {
    for (const colorScheme of ["light", "dark"]) {
      await this.page.emulateMedia({ colorScheme });
      await this.page.screenshot({ path: join(this.pictures, `${name}-${colorScheme}.png`) });
    }
  }
}

const scenarios = {
  async handOver(visit) {
    await visit.signIn();
    const embedded = await visit.openCustomer();
    const parent = await visit.visibleToTheParent();
    const referrer = await visit.page.frames()[1].evaluate(() => document.referrer);
    await visit.picture(visit.by);
    return { embedded, parent, referrer };
  },

  /// What the policy of the page lets in: the instance, and nobody else.
  async frames(visit) {
    await visit.signIn();
    await visit.openCustomer();
    const violations = await visit.page.evaluate(async (urls) => {
      const found = [];
      document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
        found.push([effectiveDirective, blockedURI]),
      );
      for (const url of urls) {
        const frame = document.createElement("iframe");
        frame.src = url;
        const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
        document.body.append(frame);
        await loaded;
      }
      return found;
    }, [...visit.foreign.map((origin) => `${origin}/frame`), `${visit.instance}/code`]);
    return { violations };
  },

  async reload(visit) {
    await visit.signIn();
    const seen = [await visit.openCustomer()];
    await visit.wait();
    await visit.page.reload();
    seen.push(await visit.embedded());
    return { seen };
  },

  /// Back from another page of the portal, and from another site.
  async back(visit) {
    await visit.signIn();
    const seen = [await visit.openCustomer()];
    for (const away of [`${visit.portal}/customers/43`, `${visit.elsewhere}/`]) {
      await visit.wait();
      await visit.page.goto(away);
      await visit.page.goBack();
      await visit.wait();
      seen.push(await visit.embedded());
    }
    return { seen, kept: await visit.page.evaluate(() => Number(sessionStorage.getItem("kept"))) };
  },

  async backAfterSigningOut(visit) {
    await visit.signIn();
    await visit.openCustomer();
    await visit.page.getByRole("button", { name: "Sign out" }).click();
    await visit.page.getByRole("heading", { name: "Sign in" }).waitFor();
    const before = visit.requests.length;
    await visit.page.goBack();
    await visit.page.getByRole("heading", { name: "Sign in" }).waitFor();
    return { after: visit.requests.slice(before), frames: visit.page.frames().length };
  },

  /// A quarter of an hour passes, and then the portal fails for a while.
  async renewal(visit) {
    await visit.page.clock.install();
    await visit.signIn();
    const asked = () => visit.requests.filter(({ url }) => url.endsWith("/customers/42/token")).length;
    const message = visit.page.locator("#message");
    const counts = [asked()];
    await visit.page.clock.runFor("13:00");
    counts.push(asked());
    await visit.wait();
    const renewed = visit.page.waitForResponse("**/token");
    await visit.page.clock.runFor("02:00");
    await renewed;
    counts.push(asked());
    await visit.page.route("**/token", (route) => route.fulfill({ status: 503 }));
    await visit.page.clock.runFor("15:00");
    await visit.page.getByText("Trying again").waitFor();
    counts.push(asked());
    const failing = await message.innerText();
    await visit.page.unroute("**/token");
    await visit.page.clock.runFor("00:31");
    await message.filter({ hasText: /^$/ }).waitFor({ state: "attached" });
    return { counts, failing, after: await message.textContent(), embedded: await visit.embedded() };
  },

  async signedOut(visit) {
    const seen = [];
    for (const path of ["/", "/customers/42", "/customers/42?by=redirect", "/customers/42/cobrowse"]) {
      const response = await visit.page.goto(visit.portal + path);
      seen.push([response.status(), await visit.page.locator("body").innerText(), visit.page.frames().length]);
    }
    await visit.page.goto(`${visit.portal}/login`);
    const token = await visit.page.evaluate(async () => (await fetch("/customers/42/token", { method: "POST" })).status);
    return { seen, token };
  },

  async wrongPassword(visit) {
    await visit.page.goto(`${visit.portal}/login`);
    await visit.page.getByLabel("Email").fill("jane@example.com");
    await visit.page.getByLabel("Password").fill("not it");
    await visit.page.keyboard.press("Enter");
    const alert = await visit.page.getByRole("alert").innerText();
    return { alert, cookies: await visit.context.cookies() };
  },

  /// A page of somebody else, open in the browser of an agent who is signed in.
  async fromElsewhere(visit) {
    await visit.signIn();
    const cookies = await visit.context.cookies();
    const before = visit.requests.length;
    await visit.page.goto(`${visit.elsewhere}/attack`);
    const read = await visit.page.evaluate(async (portal) => {
      const frames = ["/customers/42?by=redirect", "/customers/42/cobrowse"].map((path) => {
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
    // Navigations of the whole window, which a page may always cause.
    for (const [path, method] of [["/customers/42/token", "post"], ["/customers/42/cobrowse", "get"], ["/login", "post"]]) {
      await visit.page.goto(`${visit.elsewhere}/attack`);
      const arrived = visit.page.waitForNavigation({ url: (url) => url.href.startsWith(visit.portal) });
      await visit.page.evaluate(([action, method]) => {
        const form = Object.assign(document.createElement("form"), { action, method });
        document.body.append(form);
        form.submit();
      }, [visit.portal + path, method]);
      await arrived;
    }
    const attempts = visit.requests.slice(before).filter(({ url }) => url.startsWith(visit.portal));
    return { cookies, read, attempts };
  },

  async foreignCustomer(visit) {
    await visit.signIn();
    const seen = [];
    for (const path of ["/customers/44", "/customers/44?by=redirect", "/customers/no-such"]) {
      const response = await visit.page.goto(visit.portal + path);
      seen.push([response.status(), visit.page.frames().length, await response.text()]);
    }
    await visit.page.goto(`${visit.portal}/customers/43`);
    const token = await visit.page.evaluate(async () => (await fetch("/customers/44/token", { method: "POST" })).status);
    await visit.page.evaluate(() => {
      document.body.append(Object.assign(document.createElement("iframe"), { name: "other", src: "/customers/44/cobrowse" }));
    });
    await visit.page.frameLocator("[name=other]").getByText("here").waitFor();
    const framed = await visit.page.frame("other").locator("body").innerText();
    return { seen, token, framed };
  },

  /// From the form to the second customer's devices, without a mouse.
  async keyboard(visit) {
    const { keyboard } = visit.page;
    await visit.page.goto(visit.portal);
    await visit.picture("sign-in");
    await keyboard.type("jane@example.com");
    await keyboard.press("Tab");
    await keyboard.type(visit.password);
    await keyboard.press("Enter");
    await visit.page.waitForURL(/customers/);
    await visit.embedded();
    const stops = [];
    while (!stops.at(-1)?.startsWith("Björn") && stops.length < 9) {
      await keyboard.press("Tab");
      stops.push(await visit.page.evaluate(() => document.activeElement.innerText.split("\n")[0]));
    }
    await keyboard.press("Enter");
    await visit.page.getByRole("heading", { name: /Björn/ }).waitFor();
    const embedded = await visit.embedded();
    // Into the iframe, to the button of the one device.
    const button = visit.page.frameLocator("#cobrowse").getByRole("button", { name: "Connect to iPhone 17" });
    for (let stop = 0; stop < 9; stop += 1) {
      await keyboard.press("Tab");
      if (await button.evaluate((element) => element === document.activeElement)) break;
    }
    await keyboard.press("Enter");
    const waiting = visit.page.frameLocator("#cobrowse").getByText("Waiting for");
    await waiting.waitFor();
    return { stops, embedded, connected: await waiting.innerText() };
  },

  async narrow(visit) {
    await visit.page.setViewportSize({ width: 420, height: 800 });
    await visit.signIn();
    const embedded = await visit.open("/customers/42");
    await visit.picture("narrow");
    const overflow = await visit.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    return { embedded, overflow };
  },
};

run(async (question) => {
  const visit = await Visit.start(question);
  try {
    const seen = await scenarios[question.scenario](visit);
    await Promise.all(visit.details);
    return { ...seen, requests: visit.requests };
  } finally {
    await visit.browser.close();
  }
});
