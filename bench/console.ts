/**
 * The web console in Chromium: how soon its first page is seen and can be used on slow lines and a slow processor, how many
 * bytes that takes, and what it costs the browser to be left open while ten campaigns over 30,000 terminals go on. The baseline
 * is the first paint of a page without scripts, served by the same process over the same line.
 */
import { existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { chromium, type Browser, type Page } from 'playwright-core';
import { createApp } from '../api/app.ts';
import { CampaignsFeed } from '../api/campaigns-feed.ts';
import { CONSOLE_FOLDER, loadConsole } from '../api/console.ts';
import { ProgressFeed } from '../api/progress-feed.ts';
import type { Config } from '../config.ts';
import { createPool, type Pool } from '../db/pool.ts';
import { buildConsole } from '../stack/console.ts';
import { findChromium } from '../test/console/chromium.ts';
import { percentile, positive, prepareBench, progress } from './boundary.ts';
import { round } from './campaign-bench.ts';
import { CAMPAIGNS, keepChanging, plantCampaigns } from './live-campaigns.ts';
import { longestTask, rendererSeconds } from './renderer.ts';
import { withServers } from './support.ts';

interface Line {
  kbitPerSecond: number;
  latencyMs: number;
}

/** A phone in a cellar, and one in the street. */
const LINES: Record<string, Line> = {
  slow: { kbitPerSecond: 400, latencyMs: 400 },
  fair: { kbitPerSecond: 1_600, latencyMs: 150 },
};
/** How many times slower than this machine's the processor is. */
const SLOWER = 4;

/** Until a page must be there, and how often it is looked for. */
const LOAD_MS = 120_000;
const LOOK_MS = 100;

const STATIC_PATH = '/static';
const STATIC_PAGE =
  '<!doctype html><html lang="en"><title>Campaigns</title><h1>Campaigns</h1><p>Nothing else.';

/**
 * Runs in the page before anything of it: notes the first paint, the first row, and when a click on its link is first taken
 * by the page, which would otherwise lead the browser away. A click is tried with every frame.
 */
const WATCH = `
  window.seen = { longestMs: 0 };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (entry.name === 'first-contentful-paint') seen.fcpMs = entry.startTime;
  }).observe({ type: 'paint', buffered: true });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.longestMs = Math.max(seen.longestMs, duration);
  }).observe({ type: 'longtask', buffered: true });
  window.addEventListener('click', (event) => {
    if (event.defaultPrevented) seen.readyMs ??= performance.now();
    else event.preventDefault();
  });
  const look = () => {
    const link = document.querySelector('[data-campaign] a');
    if (link) {
      seen.rowMs ??= performance.now();
      link.click();
    }
    if (seen.readyMs === undefined) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);`;

interface Seen {
  fcpMs: number;
  rowMs: number;
  readyMs: number;
  /** Of the tasks of 50 ms and more while it loaded; 0: there was none. */
  longestMs: number;
}

export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      terminals: { type: 'string', default: '30000' },
      runs: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '30' },
    },
  });
  const [terminals, runs, seconds] = [
    positive(values.terminals),
    positive(values.runs),
    positive(values.seconds),
  ];
  await buildConsole();
  return withServers(async (configured) => {
    const { config, discard } = await prepareBench(configured);
    const pool = createPool(config.database, 'bench');
    try {
      progress(`${CAMPAIGNS} live campaigns over ${terminals} terminals`);
      await plantCampaigns(pool, terminals);
      return await withPage(config, pool, (url, browser) => measure({ url, browser, pool, runs, seconds }));
    } finally {
      await pool.end();
      await discard();
    }
  });
}

interface Bench {
  url: string;
  browser: Browser;
  pool: Pool;
  runs: number;
  seconds: number;
}

async function measure(bench: Bench): Promise<Record<string, unknown>> {
  const sizes = await firstPageSizes(bench);
  progress(`first page: ${sizes.files} files, ${sizes.gzBytes} bytes as gzip, ${sizes.brBytes} as brotli`);
  const lines: Record<string, Record<string, number>> = {};
  for (const [name, line] of Object.entries(LINES)) lines[name] = await onLine(bench, name, line);
  const watched = await watch(bench);
  const { slow = {}, fair = {} } = lines;
  return {
    runs: bench.runs,
    fcpMs: slow.fcpMs,
    readyMs: slow.readyMs,
    baselineFcpMs: slow.staticFcpMs,
    ratio: round((slow.fcpMs ?? 0) / (slow.staticFcpMs ?? 1), 2),
    firstPageFiles: sizes.files,
    firstPageGzBytes: sizes.gzBytes,
    firstPageBrBytes: sizes.brBytes,
    slow400kbit400ms: slow,
    fair1600kbit150ms: fair,
    cpuSlower: SLOWER,
    ...watched,
  };
}

/** Medians over the runs, each in a window of its own that has nothing in its cache. */
async function onLine(
  { url, browser, runs }: Bench,
  name: string,
  line: Line,
): Promise<Record<string, number>> {
  const pages: Seen[] = [];
  const blank: number[] = [];
  for (let n = 0; n < runs; n++) {
    blank.push((await load(browser, url + STATIC_PATH, line, 'fcpMs')).fcpMs);
    pages.push(await load(browser, `${url}/`, line, 'readyMs'));
  }
  const median = (values: number[]): number => Math.round(percentile(values, 0.5));
  const figures = {
    staticFcpMs: median(blank),
    fcpMs: median(pages.map(({ fcpMs }) => fcpMs)),
    rowMs: median(pages.map(({ rowMs }) => rowMs)),
    readyMs: median(pages.map(({ readyMs }) => readyMs)),
    longestLoadTaskMs: median(pages.map(({ longestMs }) => longestMs)),
  };
  progress(`  ${name}: ${JSON.stringify(figures)}`);
  return figures;
}

async function load(browser: Browser, url: string, line: Line, until: keyof Seen): Promise<Seen> {
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 }, locale: 'en-GB' });
  try {
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    const bytesPerSecond = (line.kbitPerSecond * 1_000) / 8;
    await cdp.send('Network.enable');
    await cdp.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: line.latencyMs,
      downloadThroughput: bytesPerSecond,
      uploadThroughput: bytesPerSecond,
    });
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
    await page.addInitScript({ content: WATCH });
    await page.goto(url, { waitUntil: 'commit', timeout: LOAD_MS });
    return await untilSeen(page, until);
  } finally {
    await context.close();
  }
}

/** Asked for from outside: the page's security policy lets nothing wait within it. */
async function untilSeen(page: Page, until: keyof Seen): Promise<Seen> {
  const deadline = Date.now() + LOAD_MS;
  while (Date.now() < deadline) {
    const seen = await page.evaluate<Partial<Seen> | undefined>('window.seen');
    if (seen?.fcpMs !== undefined && seen[until] !== undefined) return seen as Seen;
    await sleep(LOOK_MS);
  }
  throw new Error(`${page.url()} is not ready after ${LOAD_MS / 1_000} s.`);
}

/** What the page names in its head: itself, the entry and what it imports, the first page's code and sheets. */
async function firstPageSizes({
  url,
  browser,
}: Bench): Promise<{ files: number; gzBytes: number; brBytes: number }> {
  const page = await browser.newPage();
  await page.goto(`${url}/`);
  const named = await page.evaluate<string[]>(`[
    ...[...document.querySelectorAll('script[src], link[href]')].map(({ src, href }) => new URL(src ?? href).pathname),
    ...window.chunksOf('/', 'en'),
  ]`);
  await page.close();
  const files = [...new Set(['/index.html', ...named.filter((file) => file.startsWith('/assets/'))])];
  return { files: files.length, gzBytes: sizeOf(files, '.gz'), brBytes: sizeOf(files, '.br') };
}

/** What is too small to be compressed is sent as it is. */
function sizeOf(files: readonly string[], suffix: string): number {
  return files.reduce((sum, name) => {
    const file = join(CONSOLE_FOLDER, name);
    return sum + statSync(existsSync(file + suffix) ? file + suffix : file).size;
  }, 0);
}

/** The page is left open while campaigns go on: first without a trace, which costs something itself, then with one. */
async function watch({ url, browser, pool, seconds }: Bench): Promise<Record<string, number>> {
  const page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
  await page.goto(`${url}/`);
  await page.waitForSelector('[data-campaign]');
  const stop = new AbortController();
  const changing = keepChanging(pool, stop.signal);
  try {
    // Until what is loaded in advance is there.
    await sleep(5_000);
    progress(`watching for ${seconds} s, and as long again with a trace`);
    const before = await rendererSeconds(browser);
    const texts = await changedTexts(page, seconds * 1_000);
    const cpuSeconds = (await rendererSeconds(browser)) - before;
    const longestTaskMs = await longestTask(browser, page, seconds * 1_000);
    const rendererCorePercent = round((cpuSeconds / seconds) * 100, 1);
    progress(`  ${rendererCorePercent} % of a core, longest task ${longestTaskMs} ms`);
    return { watchedSeconds: seconds, redrawnTexts: texts, rendererCorePercent, longestTaskMs };
  } finally {
    stop.abort();
    await changing;
    await page.close();
  }
}

/** Waits, counting the progress texts that have changed: a page that shows nothing new would cost nothing. */
function changedTexts(page: Page, ms: number): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    let changes = 0;
    const observer = new MutationObserver((list) => { changes += list.length; });
    observer.observe(document.querySelector('table'), { subtree: true, characterData: true });
    setTimeout(() => { observer.disconnect(); resolve(changes); }, ${ms});
  })`);
}

/** The API with the console, and a browser. */
async function withPage<T>(
  config: Config,
  pool: Pool,
  work: (url: string, browser: Browser) => Promise<T>,
): Promise<T> {
  const temporal = new TemporalClient({ connection: Connection.lazy({ address: config.temporal.address }) });
  const feeds = { progress: new ProgressFeed(pool), campaigns: new CampaignsFeed(pool, config.temporal) };
  const logger = pino({ level: 'silent' });
  const app = createApp({ config, pool, temporal, logger, ...feeds, console: loadConsole(CONSOLE_FOLDER) });
  const server = createServer((request, response) => {
    if (request.url === STATIC_PATH) response.setHeader('content-type', 'text/html').end(STATIC_PAGE);
    else app(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // As root it has no sandbox; it opens nothing but our own pages.
  const browser = await chromium.launch({ executablePath: await findChromium(), args: ['--no-sandbox'] });
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, browser);
  } finally {
    await browser.close();
    feeds.progress.close();
    feeds.campaigns.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await temporal.connection.close();
  }
}
