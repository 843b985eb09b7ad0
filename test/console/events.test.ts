import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CONSOLE_FOLDER } from '../../api/console.ts';
import { EventDesk, type NewEvent } from '../api/event-desk.ts';
import { until } from '../api/test-api.ts';
import { BROWSER_TIMEOUT_MS, TestBrowser, type OpenOptions, type OpenPage } from './browser.ts';
import { plant } from './planted.ts';

let desk: EventDesk;
let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.start();
  desk = await EventDesk.create(CONSOLE_FOLDER);
}, BROWSER_TIMEOUT_MS);
beforeEach(() => desk.clear());
afterAll(async () => {
  await browser?.close();
  await desk?.close();
});

const TPE = '51f2a7c0-6f0b-4a53-9d0c-6a3f0a4b9c02';

/** The page as soon as it shows what there is. */
async function openEvents(search = '', options: OpenOptions = {}): Promise<OpenPage> {
  const opened = await browser.open(`${desk.api.url}/events${search}`, options);
  await opened.page.locator('table, [class*=empty]').first().waitFor();
  return opened;
}

const whats = ({ page }: OpenPage): Promise<string[]> =>
  page.locator('[data-event] [aria-expanded]').allTextContents();

/** A campaign of an hour, as the platform writes it. @returns its id */
async function writeStory(): Promise<string> {
  const campaignId = await plant(desk.api.pool, { name: 'Lyon', status: 'RUNNING', counts: { PENDING: 1 } });
  const of = (type: string, more: NewEvent = {}): NewEvent => ({
    type,
    campaignId,
    correlationId: 'req-7f3a',
    ...more,
  });
  await desk.write(
    of('campaign.created', {
      actor: 'anna.moreau@bank',
      data: { name: 'Lyon', targetVersion: '4.2.0', total: 1_240 },
    }),
    of('campaign.started', { data: { total: 1_240 } }),
    of('tpe.requested', { tpeId: TPE, data: { from: 'PENDING', to: 'REQUESTED', attempt: 1, wave: 1 } }),
    of('tpe.failed', {
      tpeId: TPE,
      reason: 'failed:battery-low',
      data: { from: 'INSTALLING', to: 'FAILED', attempt: 2, wave: 1 },
    }),
    of('campaign.paused', { actor: 'luc.m', reason: 'storm in Lyon', correlationId: 'req-9b21' }),
  );
  return campaignId;
}

describe('the list of events', () => {
  test('says of each when, what, who, why, of which campaign and terminal, and its place', async () => {
    const campaignId = await writeStory();
    await desk.seal();
    const opened = await openEvents();
    expect(await whats(opened)).toEqual([
      'Campaign paused',
      'Update failed',
      'Terminal asked to update',
      'Campaign started',
      'Campaign created',
    ]);
    const failed = opened.page.getByRole('row', { name: /Update failed/ });
    expect(await failed.innerText()).toMatch(
      /tpe\.failed · wave 1 · attempt 2[^]*platform[^]*failed:battery-low[^]*Lyon[^]*51f2a7c0[^]*position 4/,
    );
    const created = await opened.page.getByRole('row', { name: /Campaign created/ }).innerText();
    expect(created).toMatch(/Lyon · → 4\.2\.0 · 1,240 terminals[^]*anna\.moreau@bank/);
    expect(await failed.getByTitle(campaignId).count()).toBe(1);
    await opened.close();
  });

  test('opens one with all that is known of it, narrows to its request, and can be shared as an address', async () => {
    await writeStory();
    await desk.seal();
    const opened = await openEvents();
    const { page } = opened;
    await page.getByRole('button', { name: 'Update failed' }).click();
    const details = page.getByRole('region', { name: /^Event / });
    await details.getByText('4 of 5').waitFor();
    const { body } = await desk.api.send('events?type=tpe.failed');
    const [event] = body.items;
    const text = await details.innerText();
    for (const part of [event.hash, event.eventId, 'req-7f3a', TPE, '"to": "FAILED"'])
      expect(text).toContain(part);
    await page.reload();
    await details.getByText('4 of 5').waitFor();
    await opened.expectAccessible();
    await details.getByRole('button', { name: 'Only those with this: Correlation id' }).click();
    await until(async () => (await whats(opened)).length === 4);
    expect(new URL(page.url()).searchParams.get('correlationId')).toBe('req-7f3a');
    await opened.close();
  });

  test('is read page by page', async () => {
    await desk.writeMany(230);
    const opened = await openEvents();
    const { page } = opened;
    await page.getByText('100 events are shown.').waitFor();
    await page.getByRole('button', { name: 'Show more' }).click();
    await page.getByText('200 events are shown.').waitFor();
    await page.getByRole('button', { name: 'Show more' }).click();
    await page.getByText('230 events are shown.').waitFor();
    expect(await page.getByRole('button', { name: 'Show more' }).count()).toBe(0);
    await opened.close();
  });
});

describe('the search', () => {
  test('goes by type, person, ids and time, and stands in the address', async () => {
    const campaignId = await writeStory();
    await desk.write({ type: 'tpe.erased', actor: 'anna.moreau@bank', at: '2026-11-02T10:00:00Z' });
    const opened = await openEvents();
    const { page } = opened;
    await page.getByRole('combobox', { name: 'Type' }).fill('campaign.*');
    await until(async () => (await whats(opened)).length === 3);
    await page.getByText(/A type alone is searched through all months/).waitFor();
    await page.getByRole('searchbox', { name: 'Who' }).fill('anna.moreau@bank');
    await until(async () => (await whats(opened)).join() === 'Campaign created');
    await page.reload();
    await until(async () => (await whats(opened)).join() === 'Campaign created');
    expect(new URL(page.url()).search).toBe('?type=campaign.*&actor=anna.moreau%40bank');
    await page.getByRole('button', { name: 'Clear the filter' }).click();
    await until(async () => (await whats(opened)).length === 6);
    await page.getByRole('combobox', { name: 'Campaign' }).fill(campaignId);
    await until(async () => (await whats(opened)).length === 5);
    await page.getByRole('combobox', { name: 'Order' }).selectOption('Oldest first');
    await until(async () => (await whats(opened))[0] === 'Campaign created');
    await page.getByRole('combobox', { name: 'Campaign' }).fill('');
    await page.getByRole('combobox', { name: 'Time' }).selectOption('Between …');
    await page.getByLabel('From').fill('2026-11-02T00:00');
    await page.getByLabel('To (not included)').fill('2026-11-03T00:00');
    await until(async () => (await whats(opened)).join() === 'Terminal’s user erased');
    await opened.close();
  });

  test('says what is wrong with it before the API has to, and that nothing was found', async () => {
    await writeStory();
    const opened = await openEvents('?tpeId=51f2&type=*.failed');
    const { page } = opened;
    await page.getByText('This is no id: 51f2a7c0-6f0b-….').waitFor();
    await page.getByText(/only at its end/).waitFor();
    await page.getByText('Correct the filter').waitFor();
    await page.goto(`${desk.api.url}/events?tpeId=${randomUUID()}`);
    await page.getByText('No event meets this filter').waitFor();
    await page.getByRole('button', { name: 'Clear the filter' }).last().click();
    await until(async () => (await whats(opened)).length === 5);
    await opened.close();
  });

  test('can be downloaded, as it is filtered', async () => {
    await writeStory();
    const opened = await openEvents('?type=tpe.*');
    const lines = async (name: string): Promise<string[]> => {
      const [file] = await Promise.all([
        opened.page.waitForEvent('download'),
        opened.page.getByRole('link', { name }).click(),
      ]);
      return (await readFile(await file.path(), 'utf8')).trim().split('\n');
    };
    const events = (await lines('NDJSON')).map((line) => JSON.parse(line) as { type: string });
    expect(events.map(({ type }) => type)).toEqual(['tpe.requested', 'tpe.failed']);
    expect(await lines('CSV')).toHaveLength(3);
    await opened.close();
  });

  test('that the API refuses says what to do', async () => {
    await writeStory();
    const opened = await browser.open('about:blank');
    const { page } = opened;
    await page.route('**/api/v1/events?*', (route) =>
      route.fulfill({
        status: 503,
        contentType: 'application/problem+json',
        json: {
          type: '/problems/database-unavailable',
          title: 'The database is not reachable',
          status: 503,
          detail: 'The database does not answer.',
          instance: '/api/v1/events',
          correlationId: 'c0ffee',
        },
      }),
    );
    await page.goto(`${desk.api.url}/events`);
    const notice = page.getByRole('alert');
    await notice.getByText('Nothing was done. Try again in a moment.').waitFor();
    await page.unroute('**/api/v1/events?*');
    await notice.getByRole('button', { name: 'Try again' }).click();
    await until(async () => (await whats(opened)).length === 5);
    await opened.close(/503/);
  });
});

describe('the chain', () => {
  test('shows how far it is sealed, and how somebody else verifies it', async () => {
    await writeStory();
    await desk.seal();
    await desk.write({}, {});
    const { body } = await desk.api.send('audit/head');
    const opened = await openEvents();
    const { page } = opened;
    const chain = page.locator('dl[aria-label="The chain over all events"]');
    await chain.getByText(`${String(body.hash).slice(0, 12)}…`).waitFor();
    expect(await chain.innerText()).toMatch(/Sealed up to\s*5[^]*Not sealed yet\s*2\s*for /);
    await page.getByText('Verify, archives').click();
    await page.getByText(`npx tpe audit verify --head 5:${body.hash}`).waitFor();
    await page.getByText('No month has left the database yet.').waitFor();
    await opened.expectAccessible();
    await opened.close();
  });
});

describe('everybody', () => {
  test('goes through the events by the keyboard alone', async () => {
    await writeStory();
    const opened = await openEvents();
    const { page } = opened;
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page
      .getByRole('region', { name: /^Event / })
      .getByText('failed:battery-low')
      .waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: /^Event / }).waitFor({ state: 'detached' });
    await page.keyboard.press('/');
    await page.keyboard.type('tpe.failed');
    await until(async () => (await whats(opened)).join() === 'Update failed');
    await opened.close();
  });

  const views: [string, OpenOptions][] = [
    ['light', { actor: 'anna.moreau@bank' }],
    ['dark', { scheme: 'dark', actor: 'anna.moreau@bank' }],
    ['tablet', { size: 'tablet' }],
    ['phone', { size: 'phone', locale: 'fr', actor: 'anna.moreau@bank' }],
  ];
  test.each(views)('can use it: %s', async (name, options) => {
    const campaignId = await writeStory();
    for (const [type, attempt] of [
      ['tpe.success', 1],
      ['tpe.retrying', 2],
      ['tpe.timeout', 1],
    ] as const) {
      await desk.write({ type, campaignId, tpeId: randomUUID(), data: { attempt, wave: 1 } });
    }
    await desk.write({
      type: 'dlq.replayed',
      actor: 'karim.b@bank',
      reason: 'the version was missing',
      data: { error: 'INVALID_MESSAGE' },
    });
    await desk.seal();
    await desk.write({ type: 'campaign.resumed', campaignId, actor: 'luc.m', reason: 'power is back' });
    const opened = await openEvents('', options);
    const { page } = opened;
    const french = options.locale === 'fr';
    await page
      .getByRole('button', { name: french ? 'Message rejeté republié' : 'Dead letter replayed' })
      .click();
    await page.getByText('"error": "INVALID_MESSAGE"').waitFor();
    await opened.expectAccessible();
    await opened.expectNoSideways();
    await page.evaluate(() => window.scrollTo(0, 0));
    if (name !== 'tablet') await opened.picture(`events-${name}`);
    await opened.close();
  });
});
