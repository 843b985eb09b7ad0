/** Our API with the console, and a browser, for the tests of one page. */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { CONSOLE_FOLDER } from '../../api/console.ts';
import { TestApi, until } from '../api/test-api.ts';
import { emptyTables } from '../support/empty.ts';
import { BROWSER_TIMEOUT_MS, TestBrowser } from './browser.ts';

/** Those of the test file that has called `startBoth`. */
export let api: TestApi;
export let browser: TestBrowser;

/**
 * Has both there for the tests of a file, and no campaign and no terminal before each of them.
 * @param tables others that are to be empty
 */
export function startBoth(...tables: readonly string[]): void {
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
    if (tables.length > 0) await emptyTables(api.pool, ...tables);
  });
  afterAll(async () => {
    await browser?.close();
    await api?.close();
  });
}
