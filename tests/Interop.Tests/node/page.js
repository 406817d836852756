'use strict';
// The status page in Chromium: what somebody sees who looks at it while things are committed and refused.
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { chromium } = require('playwright-core');
const { run, until } = require('./checking');

const PATIENCE = 30000;
const HOSTILE = '<img src=x onerror=alert(1)> "quoted" \u202Eexe.txt';
const LONG = 'a-name-that-goes-on-and-on-'.repeat(8);

class Subject {
  constructor(plan, browser) {
    Object.assign(this, plan);
    this.browser = browser;
    this.complaints = [];
    this.requested = new Set();
  }

  // A tab of its own. What goes wrong in it is noted, but for what the check brings about itself.
  async open(options = {}, { isExpectedToComplain = false } = {}) {
    const context = await this.browser.newContext({ viewport: { width: 1100, height: 900 }, colorScheme: 'light', ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const note = text => { if (!isExpectedToComplain) this.complaints.push(text); };
    page.on('console', message => note(`${message.type()}: ${message.text()}`));
    page.on('pageerror', error => note(`error: ${error.message}`));
    page.on('dialog', dialog => { note(`dialog: ${dialog.message()}`); dialog.dismiss(); });
    page.on('request', request => this.requested.add(new URL(request.url()).origin));
    await page.goto(this.address);
    return page;
  }

  drop(route, name, text = 'x', marker = '') {
    const folder = path.join(this.routes[route].staging, name);
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, 'index.html'), text);
    this.mark(route, name, marker);
  }

  mark(route, name, marker = '') { fs.writeFileSync(path.join(this.routes[route].staging, name + '.ready'), marker); }

  async publish(route, name, text) {
    this.drop(route, name, text);
    await until(() => !fs.existsSync(path.join(this.routes[route].staging, name + '.ready')), `${name} is decided`, PATIENCE);
  }
}

const textOf = page => page.evaluate(() => document.body.innerText);
const openAll = page => page.evaluate(() => document.querySelectorAll('details').forEach(details => { details.open = true; }));
// Of closed lists too.
const seen = (page, text) => page.waitForFunction(
  wanted => [...document.querySelectorAll('header, main, footer')].some(part => part.textContent.includes(wanted)), text, { polling: 100 });

// Text that is harder to read than WCAG AA allows.
const hardToRead = () => {
  const parse = colour => colour.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (; element; element = element.parentElement) {
      const colour = parse(getComputedStyle(element).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.getClientRects().length) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) found.push(`${texts.currentNode.data.trim().slice(0, 40)}: ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
  }
  return found;
};

const checks = {
  async a_commit_and_a_failure_arrive_without_reloading(s) {
    const page = await s.open();
    await page.evaluate(() => { window.isTheSame = true; });
    await s.publish('site', 'arrives');
    await seen(page, 'arrives');
    s.mark('site', 'never-staged');
    await seen(page, 'ITEM_NOT_FOUND');
    assert.match(await textOf(page), /never-staged/);
    assert.strictEqual(await page.evaluate(() => window.isTheSame), true);
    assert.match(await textOf(page), /updating itself/);
    await page.context().close();
  },

  async without_script_they_are_there_after_reloading(s) {
    const page = await s.open({ javaScriptEnabled: false });
    assert.match(await page.textContent('header'), /Reload to update/);
    assert.strictEqual(await page.locator('#live').isVisible(), false);
    await s.publish('site', 'by-reloading');
    s.mark('reports', 'not-there-either');
    await until(async () => {
      await page.reload();
      const text = await page.textContent('body');
      return text.includes('by-reloading') && text.includes('not-there-either');
    }, 'both are seen', PATIENCE);
    await page.context().close();
  },

  async what_was_opened_focused_and_scrolled_stays(s) {
    await s.publish('site', 'first');
    const page = await s.open({ viewport: { width: 1100, height: 500 } });
    await page.click('#live-site > summary');
    await page.focus('#live-site > summary');
    await page.evaluate(() => window.scrollTo(0, 400));
    const before = await page.evaluate(() => scrollY);
    await s.publish('site', 'while-it-is-open');
    s.mark('site', 'gone-again');
    await seen(page, 'while-it-is-open');
    await seen(page, 'gone-again');
    assert.strictEqual(await page.evaluate(() => document.getElementById('live-site').open), true);
    assert.strictEqual(await page.evaluate(() => document.activeElement.parentElement.id), 'live-site');
    assert.ok(Math.abs(await page.evaluate(() => scrollY) - before) < 200, 'the page has jumped');
    await page.click('#live-site > summary');
    await s.publish('site', 'and-when-closed');
    await seen(page, 'and-when-closed');
    assert.strictEqual(await page.evaluate(() => document.getElementById('live-site').open), false);
    await page.context().close();
  },

  async a_tab_that_nobody_sees_asks_for_nothing(s) {
    const page = await s.open();
    let asked = 0;
    page.on('request', () => asked++);
    await until(() => asked > 0, 'it asks while it is seen', PATIENCE);
    const hide = isHidden => page.evaluate(hidden => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
      document.dispatchEvent(new Event('visibilitychange'));
    }, isHidden);
    await hide(true);
    await page.waitForLoadState('networkidle');
    asked = 0;
    // Longer than the pause between two requests: that nothing comes can only be waited for.
    await page.waitForTimeout(5000);
    assert.strictEqual(asked, 0);
    await hide(false);
    await until(() => asked > 0, 'it asks when it is seen again', PATIENCE);
    await page.context().close();
  },

  async that_the_service_does_not_answer_is_said_and_ends(s) {
    const page = await s.open({}, { isExpectedToComplain: true });
    await page.route('**/*', route => route.abort());
    await seen(page, 'has not answered since');
    assert.ok(await page.evaluate(() => document.documentElement.classList.contains('lost')));
    await page.unroute('**/*');
    await seen(page, 'updating itself');
    assert.ok(!await page.evaluate(() => document.documentElement.classList.contains('lost')));
    await page.context().close();
  },

  async names_are_shown_and_do_nothing(s) {
    await s.publish('site', HOSTILE);
    s.mark('reports', HOSTILE);
    const page = await s.open();
    await openAll(page);
    await seen(page, '<img src=x onerror=alert(1)> "quoted" \\u202eexe.txt');
    assert.strictEqual(await page.locator('main img, main script').count(), 0);
    await page.context().close();
  },

  async nothing_scrolls_sideways_on_a_phone(s) {
    await s.publish('site', LONG);
    s.mark('site', `${LONG}missing`);
    for (const width of [320, 390, 768]) {
      const page = await s.open({ viewport: { width, height: 800 }, isMobile: true, hasTouch: true });
      await openAll(page);
      await seen(page, `${LONG}missing`);
      const wide = await page.evaluate(() => ({ page: document.documentElement.scrollWidth, window: innerWidth }));
      assert.ok(wide.page <= width && wide.window <= width, `${width}: ${JSON.stringify(wide)}`);
      await page.context().close();
    }
  },

  async it_can_be_read_by_day_and_by_night(s) {
    for (const colorScheme of ['light', 'dark']) {
      const page = await s.open({ colorScheme });
      await openAll(page);
      const [red] = (await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).match(/\d+/g).map(Number);
      assert.ok(colorScheme === 'dark' ? red < 64 : red > 192, `${colorScheme}: ${red}`);
      assert.deepStrictEqual(await page.evaluate(hardToRead), [], colorScheme);
      await page.context().close();
    }
  },

  async the_keyboard_reaches_everything(s) {
    const page = await s.open();
    await page.keyboard.press('Tab');
    assert.strictEqual(await page.evaluate(() => document.activeElement.className), 'skip');
    const reached = new Set();
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => document.activeElement.closest('details')?.id ?? document.activeElement.getAttribute('href'));
      if (at === 'live-site' && !reached.has(at)) await page.keyboard.press('Enter');
      reached.add(at);
    }
    assert.strictEqual(await page.evaluate(() => document.getElementById('live-site').open), true);
    for (const wanted of ['#route-archive', 'minutes-site', 'live-site', '/metrics']) assert.ok(reached.has(wanted), `${wanted} of ${[...reached]}`);
    await page.context().close();
  },

  async assistive_technology_is_told_the_same(s) {
    const page = await s.open();
    assert.strictEqual(await page.getByRole('heading', { level: 1 }).count(), 1);
    assert.strictEqual(await page.getByRole('status').count(), 1);
    assert.match(await page.getByRole('status').innerText(), /1 of 3 routes takes no commits/);
    assert.ok(await page.getByRole('img', { name: /commits? and \d+ failures? in the last hour, by the minute/ }).count() >= 1);
    assert.strictEqual(await page.getByRole('row', { name: /\barchive\b/ }).count(), 1);
    assert.ok(await page.getByRole('article', { name: 'site' }).isVisible());
    // On a phone tables are no tables for the style, and still tables for whoever listens.
    const phone = await s.open({ viewport: { width: 390, height: 800 } });
    assert.strictEqual(await phone.getByRole('row', { name: /\barchive\b/ }).count(), 1);
    await phone.context().close();
    await page.context().close();
  },

  async on_paper_lists_are_open(s) {
    const page = await s.open();
    await page.emulateMedia({ media: 'print' });
    assert.ok(await page.evaluate(() => document.querySelector('#live-site table').getBoundingClientRect().height > 20));
    assert.strictEqual(await page.locator('.skip').isVisible(), false);
    await page.context().close();
  },

  // The last one: it speaks of all others.
  async the_browser_has_nothing_to_complain_about_and_asks_nobody_else(s) {
    if (s.pictures) await pictures(s);
    assert.deepStrictEqual(s.complaints, []);
    assert.deepStrictEqual([...s.requested], [new URL(s.address).origin]);
  },
};

async function pictures(s) {
  const kinds = {
    'status-light': { viewport: { width: 960, height: 1200 } },
    'status-dark': { viewport: { width: 960, height: 1200 }, colorScheme: 'dark' },
    'status-phone': { viewport: { width: 390, height: 1200 } },
  };
  for (const [name, options] of Object.entries(kinds)) {
    const page = await s.open(options);
    await page.screenshot({ path: path.join(s.pictures, `${name}.png`) });
    await page.context().close();
  }
}

(async () => {
  const plan = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
  const args = process.getuid() === 0 ? ['--no-sandbox'] : [];
  const browser = await chromium.launch({ executablePath: plan.chromium, args });
  try {
    await run(checks, new Subject(plan, browser));
  } finally {
    await browser.close();
  }
})();
