/** The console in a real browser. What the browser complains about fails the test, and so does what axe finds. */
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { AxeResults, RunOptions } from 'axe-core';
import { chromium, type Browser, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { buildConsole } from '../../stack/console.ts';
import { silentProgress } from '../../stack/progress.ts';
import { findChromium } from './chromium.ts';

export { BROWSER_TIMEOUT_MS } from './chromium.ts';

export interface OpenOptions {
  scheme?: 'light' | 'dark';
  locale?: 'en' | 'fr';
  /** Default desktop. */
  size?: keyof typeof SIZES;
  /** Who uses it; by default nobody has said so yet. */
  actor?: string;
}

/** 360 px is the narrowest phone in use. */
const SIZES = {
  desktop: { width: 1440, height: 900 },
  tablet: { width: 1024, height: 768 },
  phone: { width: 360, height: 740 },
};

/** For the pictures in docs/: `CONSOLE_SCREENSHOTS=1 npm test -- test/console`. */
const PICTURES = process.env.CONSOLE_SCREENSHOTS
  ? fileURLToPath(new URL('../../docs/console', import.meta.url))
  : undefined;

export class TestBrowser {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** Builds the console where its sources have changed, and starts the browser. */
  static async start(): Promise<TestBrowser> {
    await buildConsole(silentProgress);
    const executablePath = await findChromium();
    // As root it has no sandbox; it opens nothing but our own pages.
    return new TestBrowser(await chromium.launch({ executablePath, args: ['--no-sandbox'] }));
  }

  /** A new window, with nothing kept from another. */
  async open(url: string, options: OpenOptions = {}): Promise<OpenPage> {
    const { scheme = 'light', locale = 'en', size = 'desktop', actor } = options;
    const phone = size === 'phone';
    const context = await this.#browser.newContext({
      viewport: SIZES[size],
      colorScheme: scheme,
      locale: locale === 'en' ? 'en-GB' : 'fr-FR',
      timezoneId: 'Europe/Paris',
      // What is half faded in has no contrast.
      reducedMotion: 'reduce',
      ...(phone && { isMobile: true, hasTouch: true, deviceScaleFactor: 2 }),
    });
    if (actor !== undefined) {
      await context.addInitScript((name) => localStorage.setItem('tpe-actor', name), actor);
    }
    const page = await context.newPage();
    const opened = new OpenPage(page);
    await page.goto(url);
    return opened;
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}

export class OpenPage {
  readonly page: Page;
  /** What the browser has complained about: errors, broken rules of the security policy. */
  readonly complaints: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(error.message));
  }

  /** Nothing that axe calls serious or critical is on the page as it is now. */
  async expectAccessible(): Promise<void> {
    await this.page.evaluate(await axeSource());
    const { violations } = await this.page.evaluate(
      (options) => (window as unknown as { axe: Axe }).axe.run(document, options),
      // What it preloads of a shadow root's sheets it writes into a style element, which the page's policy forbids.
      { resultTypes: ['violations'], preload: false } satisfies RunOptions,
    );
    const serious = violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => ({
        id,
        at: nodes.map(({ target, failureSummary }) => [target, failureSummary]),
      }));
    expect(serious).toEqual([]);
  }

  /** Nothing is wider than the window. A phone's window grows with what is in it, so the size asked for counts. */
  async expectNoSideways(): Promise<void> {
    const width = this.page.viewportSize()?.width ?? 0;
    expect(await this.page.evaluate(whatSticksOut, width)).toEqual([]);
  }

  /** For docs/console, where pictures are asked for. */
  async picture(name: string): Promise<void> {
    if (PICTURES) await this.page.screenshot({ path: `${PICTURES}/${name}.png` });
  }

  /** @param allowed complaints that the test itself has caused */
  async close(allowed: RegExp = /^$/): Promise<void> {
    await this.page.context().close();
    expect(this.complaints.filter((complaint) => !allowed.test(complaint))).toEqual([]);
  }
}

interface Axe {
  run(context: Document, options: RunOptions): Promise<AxeResults>;
}

let source: Promise<string> | undefined;

function axeSource(): Promise<string> {
  source ??= readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  return source;
}

/** Runs in the page: what reaches beyond this width, but for what is scrolled or cut off by something around it. */
function whatSticksOut(width: number): string[] {
  const held = (element: Element | null): boolean =>
    element !== null &&
    element !== document.body &&
    (getComputedStyle(element).overflowX !== 'visible' || held(element.parentElement));
  const found = [...document.body.querySelectorAll('*')].filter((element) => {
    const { left, right, width: own } = element.getBoundingClientRect();
    return own > 0 && (right > width + 0.5 || left < -0.5) && !held(element.parentElement);
  });
  const page = document.documentElement.scrollWidth > width ? ['the page itself'] : [];
  return [...page, ...found.map((element) => `${element.tagName} ${element.getAttribute('class')}`)];
}
