import { afterAll, beforeAll, expect, test } from 'vitest';
import { BROWSER_TIMEOUT_MS, TestBrowser } from './browser.ts';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.start();
}, BROWSER_TIMEOUT_MS);
afterAll(() => browser?.close());

const WIDE = '<p class="wide" style="width: 500px">too wide for a phone</p>';

test.each([
  ['what is wider than a phone', WIDE],
  ['what reaches over its left edge', '<p class="wide" style="position: absolute; left: -9px">moved</p>'],
])('%s is found', async (_, body) => {
  const opened = await browser.open('about:blank', { size: 'phone' });
  await opened.page.setContent(`<meta name="viewport" content="width=device-width"><body>${body}`);
  await expect(opened.expectNoSideways()).rejects.toThrow('P wide');
  await opened.close();
});

test('what can be scrolled to within the page is no fault', async () => {
  const opened = await browser.open('about:blank', { size: 'phone' });
  await opened.page.setContent(
    `<meta name="viewport" content="width=device-width"><div style="overflow-x: auto">${WIDE}</div>`,
  );
  await opened.expectNoSideways();
  await opened.close();
});
