/** What OPS do on a bad day, in one window of the console, on the real stack. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKafka } from '../../events/kafka.ts';
import { topicName } from '../../events/topics.ts';
import { fetching } from '../../stack/infrastructure.ts';
import { silentProgress } from '../../stack/progress.ts';
import { findTemporal } from '../../stack/temporal.ts';
import { Platform, TARGET, until } from '../e2e/platform.ts';
import { BROWSER_TIMEOUT_MS, TestBrowser } from './browser.ts';

const FLEET = 100;
const FIRST_WAVE = 20;
const SOURCE = '/helpdesk';
const FLOW_TIMEOUT_MS = 300_000;

let platform: Platform;
let browser: TestBrowser;
beforeAll(async () => {
  // First: the API reads it when it starts.
  browser = await TestBrowser.start();
  platform = await Platform.start({
    tms: [{ name: 'alpha', idempotent: true, failRate: 0.5, failReasons: ['battery-low'] }],
    speed: 240,
    fleet: [{ tms: 'alpha', terminals: FLEET }],
    env: { ORDER_SOURCES: SOURCE },
  });
  await platform.call('PUT', '/policy-templates/steady', {
    policy: {
      // It lasts while somebody reads and types: the second wave waits for its time.
      waves: [{ count: FIRST_WAVE, gate: { minSuccessPercent: 1, soakSeconds: 3_600 } }, { rest: true }],
      polling: { windows: [{ everySeconds: 2, attempts: 100 }] },
      deadlineSeconds: 60,
      progressEverySeconds: 0.5,
      failureThreshold: null,
    },
  });
}, BROWSER_TIMEOUT_MS);
afterAll(async () => {
  await browser?.close();
  await platform?.stop();
});

test(
  'a bad CSV is refused, a campaign launched, watched, paused by the Temporal CLI, resumed and cancelled, its failures are ' +
    'retried, and a dead letter is mended and replayed',
  { timeout: FLOW_TIMEOUT_MS },
  async () => {
    const opened = await browser.open(`http://127.0.0.1:${platform.stack.ports.api}/fleet`, { actor: 'zoe' });
    const { page } = opened;
    await importBadCsv(page);
    await launch(page);
    const campaignId = idIn(page);
    await watch(page);
    await pauseByTemporal(page, campaignId);
    await resume(page);
    await cancel(page);
    const retryId = await retryFailed(page, campaignId);
    await replayDeadLetter(page);
    await platform.expectAgreement(campaignId);
    await platform.untilEnded(retryId);
    await platform.expectAgreement(retryId);
    // The CSV that was refused.
    await opened.close(/422/);
  },
);

async function importBadCsv(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Import terminals' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Import terminals' });
  const content = `tpeId,idTms,tms,model,site,version\n${randomUUID()},N-1,alpha,A920,Nice-1,4.1.0\nnope,N-2,alpha,A920,Nice-1,4.1.0\n`;
  const file = { name: 'november.csv', mimeType: 'text/csv', buffer: Buffer.from(content) };
  await dialog.getByLabel('Choose a CSV file').setInputFiles(file);
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await dialog.getByText(/^Nothing was imported/).waitFor();
  const rows = await dialog.getByRole('row').allInnerTexts();
  expect(rows.slice(1).map((row) => row.split('\t'))).toEqual([['3', 'tpeId', 'must be a UUID']]);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect((await platform.call<{ total: number }>('GET', '/tpes/summary')).total).toBe(FLEET);
}

async function launch(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'New campaign' }).first().click();
  await page.getByRole('combobox', { name: /Target version/ }).fill(TARGET);
  await page.getByRole('radio', { name: /steady/ }).check();
  await page.getByRole('button', { name: `Update ${FLEET} terminals` }).click();
  await page.waitForURL((url) => !url.pathname.endsWith('/new'));
}

async function watch(page: Page): Promise<void> {
  await page.getByText('Running', { exact: true }).waitFor();
  // Without a reload: by the stream.
  await until(async () => (await finished(page)) === FIRST_WAVE);
  await page.getByText('Wave 1 of 2 soaks').first().waitFor();
}

/** Terminals that are final, as the page says. */
async function finished(page: Page): Promise<number> {
  const words = await page.locator('dl[aria-label="In numbers"]').getByText(` of ${FLEET}`).innerText();
  return Number.parseInt(words, 10);
}

async function pauseByTemporal(page: Page, campaignId: string): Promise<void> {
  const { address, namespace } = platform.stack.config.temporal;
  const command = await fetching({ progress: silentProgress }, 'Looking for the Temporal CLI', findTemporal);
  const signal = `workflow signal --workflow-id campaign-${campaignId} --name pause`;
  const server = `--address ${address} --namespace ${namespace}`;
  await promisify(execFile)(command, `${signal} ${server}`.split(' '));
  await page.getByText('Paused', { exact: true }).waitFor();
}

async function resume(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Resume' }).click();
  await dialog.getByRole('button', { name: 'Resume campaign' }).click();
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  await page.getByText('Running', { exact: true }).waitFor();
}

async function cancel(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'End', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Cancel', exact: true }).click();
  await dialog.getByText(`${FLEET - FIRST_WAVE} terminals not yet started`).waitFor();
  await dialog.getByRole('textbox', { name: /Reason/ }).fill('they restart');
  await dialog.getByRole('button', { name: 'Cancel campaign' }).click();
  await page.getByText('Cancelled by zoe: they restart').waitFor();
  await page.getByText(/^Ended .*, after/).waitFor();
}

async function retryFailed(page: Page, campaignId: string): Promise<string> {
  const { counts } = await platform.campaign(campaignId);
  const { FAILED: failed = 0, CANCELLED: left } = counts;
  expect(failed).toBeGreaterThan(0);
  expect(left).toBe(FLEET - FIRST_WAVE);
  await page.getByRole('button', { name: 'Retry failed' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Start new campaign' }).click();
  await page.waitForURL((url) => !url.pathname.includes(campaignId));
  await page.getByRole('link', { name: 'tries another campaign again' }).waitFor();
  const retryId = idIn(page);
  expect(await platform.campaign(retryId)).toMatchObject({ total: failed });
  return retryId;
}

async function replayDeadLetter(page: Page): Promise<void> {
  const campaignId = randomUUID();
  const tpeId = randomUUID();
  await platform.addToFleet([`${tpeId},L-1,alpha,A920,Lyon-9,4.1.0`]);
  await sendOrder(campaignId, tpeId, 42);
  await page
    .getByRole('link', { name: /Dead letters/ })
    .first()
    .click();
  const letter = page.getByRole('row').filter({ hasText: tpeId });
  // The list is read again by itself.
  await letter.waitFor({ timeout: 60_000 });
  await letter.getByRole('link', { name: 'INVALID_MESSAGE' }).click();
  await page.getByRole('button', { name: 'Edit key, value and headers' }).click();
  const value = page.getByRole('textbox', { name: 'Value to publish' });
  await value.fill((await value.inputValue()).replace(/(?<="targetVersion":\s*)42/, `"${TARGET}"`));
  await page.getByRole('button', { name: 'Replay with the changes' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Replay letter' }).click();
  await page.getByText(/Replayed by zoe/).waitFor();
  await until(async () => {
    const { items } = await platform.call<{ items: { campaignId: string }[] }>('GET', '/campaigns');
    return items.some((campaign) => campaign.campaignId === campaignId);
  });
  expect(await platform.campaign(campaignId)).toMatchObject({ total: 1 });
}

async function sendOrder(campaignId: string, tpeId: string, targetVersion: unknown): Promise<void> {
  const producer = createKafka(platform.stack.config.kafka, 'helpdesk').producer();
  await producer.connect();
  await producer.send({
    topic: topicName(platform.stack.config, 'tpe.update.command'),
    messages: [
      {
        key: `${campaignId}|${tpeId}`,
        value: JSON.stringify({ campaignId, tpeId, targetVersion, policyTemplate: { name: 'steady' } }),
        headers: {
          ce_specversion: '1.0',
          ce_id: randomUUID(),
          ce_source: SOURCE,
          ce_type: 'tpe.update.ordered',
          ce_time: new Date().toISOString(),
          'content-type': 'application/json',
        },
      },
    ],
  });
  await producer.disconnect();
}

function idIn(page: Page): string {
  return new URL(page.url()).pathname.split('/').at(-1) ?? '';
}
