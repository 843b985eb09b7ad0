import { afterAll, beforeAll, expect, test } from 'vitest';
import { Platform, until } from '../e2e/platform.ts';
import { BROWSER_TIMEOUT_MS, TestBrowser } from './browser.ts';

/** Slow calls, few at once: a dispatch that lasts while somebody reads and types. */
const SLOW = { latencyMs: { min: 150, max: 250 } };

let platform: Platform;
let browser: TestBrowser;
beforeAll(async () => {
  // First: the API reads it when it starts.
  browser = await TestBrowser.start();
  platform = await Platform.start({
    tms: [{ name: 'alpha', idempotent: true, ...SLOW }],
    speed: 240,
    concurrency: 1,
    fleet: [{ tms: 'alpha', terminals: 400 }],
  });
}, BROWSER_TIMEOUT_MS);
afterAll(async () => {
  await browser?.close();
  await platform?.stop();
});

test(
  'a campaign is paused, resumed and cancelled from the list, each asked once and under the name of who did it',
  { timeout: 300_000 },
  async () => {
    const campaignId = await platform.launch(60);
    const opened = await browser.open(`http://127.0.0.1:${platform.stack.ports.api}/`);
    const { page } = opened;
    const sent: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST') sent.push(new URL(request.url()).pathname.replace(/.*\//, ''));
    });
    const row = page.getByRole('row', { name: /Update to 4\.2\.0/ });
    await row.getByText('Running').waitFor();

    await row.getByRole('button', { name: /^Pause/ }).click();
    const pause = page.getByRole('dialog', { name: /^Pause/ });
    await pause.getByRole('textbox', { name: /Your name/ }).fill('Zoë of the night shift');
    await pause.getByRole('textbox', { name: /Reason/ }).fill('storm in Lyon');
    await pause.getByRole('button', { name: 'Pause campaign' }).dblclick();
    await row.getByText('Paused by Zoë of the night shift: storm in Lyon').waitFor();
    await pause.waitFor({ state: 'detached' });

    await row.getByRole('button', { name: /^Resume/ }).click();
    const resume = page.getByRole('dialog', { name: /^Resume/ });
    expect(await resume.getByRole('textbox', { name: /Your name/ }).count()).toBe(0);
    await resume.getByRole('button', { name: 'Resume campaign' }).click();
    await row.getByText('Running').waitFor();

    await row.getByRole('button', { name: /^Cancel/ }).click();
    const cancel = page.getByRole('dialog', { name: /^Cancel/ });
    await cancel.getByRole('textbox', { name: /Reason/ }).fill('wrong version');
    await cancel.getByRole('button', { name: 'Cancel campaign' }).click();
    await row.getByText('Cancelled by Zoë of the night shift: wrong version').waitFor();
    await page.getByText('Ended 1').waitFor({ timeout: 120_000 });

    expect(sent).toEqual(['pause', 'resume', 'cancel']);
    await until(async () => (await platform.campaign(campaignId)).status === 'CANCELLED');
    await opened.close();
  },
);

test('what the API refuses is told in the dialog, which stays', async () => {
  const campaignId = await platform.launch(60);
  const opened = await browser.open(`http://127.0.0.1:${platform.stack.ports.api}/`, { actor: 'anna' });
  const { page } = opened;
  const row = page.locator(`[data-campaign="${campaignId}"]`);
  await row.getByRole('button', { name: /^Pause/ }).click();
  const dialog = page.getByRole('dialog', { name: /^Pause/ });
  await platform.call('POST', `/campaigns/${campaignId}/cancel`, { force: true });
  await platform.untilEnded(campaignId);
  await dialog.getByRole('button', { name: 'Pause campaign' }).click();
  const notice = dialog.getByRole('alert');
  await notice.getByText('Look at its state and decide anew.', { exact: false }).waitFor();
  expect(await notice.innerText()).toMatch(/can not take this now[^]*is CANCELLED[^]*Correlation id/);
  await opened.close(/409/);
});
