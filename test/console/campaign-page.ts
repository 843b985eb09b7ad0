/** The page of a campaign in a browser, for the tests about it. */
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { CONSOLE_FOLDER } from '../../api/console.ts';
import { TestApi, until } from '../api/test-api.ts';
import { emptyTables } from '../support/empty.ts';
import { BROWSER_TIMEOUT_MS, TestBrowser, type OpenOptions, type OpenPage } from './browser.ts';

/** Those of the test file that has called `startBoth`. */
export let api: TestApi;
export let browser: TestBrowser;

/** Has an API and a browser there for the tests of a file, and no campaign before each of them. */
export function startBoth(): void {
  beforeAll(async () => {
    browser = await TestBrowser.start();
    api = await TestApi.create({}, CONSOLE_FOLDER);
  }, BROWSER_TIMEOUT_MS);
  beforeEach(async () => {
    // The page before may have asked for something that is still being read: it would be in the way.
    api.cut();
    await until(async () => {
      const [{ busy }] = await api.rows(
        `SELECT count(*)::integer AS busy FROM pg_stat_activity
         WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()`,
      );
      return busy === 0 && api.progress.watched === 0 && api.campaigns.listeners === 0;
    });
    await api.clear();
    await emptyTables(api.pool, 'campaign_wave');
  });
  afterAll(async () => {
    await browser?.close();
    await api?.close();
  });
}

/** The page of a campaign as soon as it shows it. */
export async function openCampaign(
  campaignId: string,
  search = '',
  options: OpenOptions = {},
): Promise<OpenPage> {
  const opened = await browser.open(`${api.url}/campaigns/${campaignId}${search}`, options);
  await opened.page.getByRole('tablist').waitFor();
  return opened;
}

/** Its terminals. */
export const rows = ({ page }: OpenPage): Locator => page.locator('[data-terminal]');
