import { beforeEach, describe, expect, test } from 'vitest';
import { until } from '../api/test-api.ts';
import type { OpenOptions, OpenPage } from './browser.ts';
import { advance, AFTERNOON, plant } from './planted.ts';
import { api, browser, startBoth } from './served.ts';

startBoth();

/** The page as soon as it shows what there is. */
async function openCampaigns(search = '', options: OpenOptions = {}): Promise<OpenPage> {
  const opened = await browser.open(`${api.url}/campaigns${search}`, options);
  await opened.page.locator('table, [class*=empty]').first().waitFor();
  return opened;
}

const names = ({ page }: OpenPage): Promise<string[]> =>
  page.locator('[data-campaign] td:first-child > :first-child').allTextContents();

const one = { counts: { PENDING: 10 } } as const;

describe('the list', () => {
  test('has live campaigns before those that have ended, with state, progress, failures and who started them', async () => {
    await plant(api.pool, {
      name: 'Old',
      status: 'COMPLETED',
      hoursAgo: 1,
      counts: { SUCCESS: 3, FAILED: 1 },
    });
    await plant(api.pool, {
      name: 'Lyon',
      status: 'RUNNING',
      by: 'anna',
      hoursAgo: 5,
      counts: { SUCCESS: 1_240, PENDING: 760 },
    });
    const opened = await openCampaigns();
    expect(await names(opened)).toEqual(['Lyon', 'Old']);
    const lyon = opened.page.getByRole('row', { name: /Lyon/ });
    expect(await lyon.innerText()).toMatch(/4\.2\.0[^]*Running[^]*62%[^]*1,240 of 2,000[^]*0%[^]*anna/);
    expect(await lyon.getByRole('img').getAttribute('aria-label')).toBe(
      'Updated: 1,240 (62%), Not started: 760 (38%)',
    );
    expect(await opened.page.getByRole('row', { name: /Old/ }).innerText()).toMatch(
      /Completed[^]*100%[^]*25%/,
    );
    await opened.close();
  });

  test('follows what happens: terminals, states, new campaigns and ends', async () => {
    const campaignId = await plant(api.pool, { name: 'Lyon', status: 'RUNNING', counts: { PENDING: 10 } });
    const opened = await openCampaigns();
    await advance(api.pool, campaignId, 'PENDING', 'SUCCESS', 4);
    await opened.page.getByText('4 of 10').waitFor();
    await api.pool.query(
      `UPDATE campaign SET status = 'PAUSED', last_command = '{"command": "pause", "by": "luc", "reason": "storm", "at": "2026-11-27T10:00:00Z"}'`,
    );
    await opened.page.getByText('Paused by luc: storm').waitFor();
    await plant(api.pool, { name: 'Nice', status: 'RUNNING', ...one });
    await opened.page.getByRole('row', { name: /Nice/ }).waitFor();
    await api.pool.query(`UPDATE campaign SET status = 'CANCELLED' WHERE name = 'Lyon'`);
    await opened.page.getByRole('row', { name: /Lyon.*Cancelled by luc/ }).waitFor();
    expect(await names(opened)).toEqual(['Nice', 'Lyon']);
    await opened.close();
  });

  test('says so where there is none, and shows the first one that comes', async () => {
    const opened = await openCampaigns();
    await opened.page.getByText('No campaign yet').waitFor();
    await plant(api.pool, { name: 'First', status: 'SCHEDULED', ...one });
    await opened.page.getByRole('row', { name: /First/ }).waitFor();
    await opened.close();
  });

  test('reads older ones on demand', async () => {
    for (let n = 0; n < 52; n++)
      await plant(api.pool, {
        name: `Done ${n}`,
        status: 'COMPLETED',
        hoursAgo: n + 1,
        counts: { SUCCESS: 1 },
      });
    const opened = await openCampaigns();
    expect(await names(opened)).toHaveLength(50);
    await opened.page.getByRole('button', { name: 'Show older ones' }).click();
    await opened.page.getByText('52 campaigns are shown.').waitFor();
    expect((await names(opened)).at(-1)).toBe('Done 51');
    await opened.close();
  });
});

describe('the filter', () => {
  beforeEach(async () => {
    for (const campaign of AFTERNOON) await plant(api.pool, { ...campaign, counts: { PENDING: 1 } });
  });

  test('stands in the address, so that a page can be reloaded and shared', async () => {
    const opened = await openCampaigns();
    const { page } = opened;
    await page.getByRole('button', { name: /^Need attention/ }).click();
    await until(async () => (await names(opened)).length === 3);
    await page.getByRole('searchbox').fill('ANNA');
    await until(async () => (await names(opened)).join() === 'Receipt printer fix, A80');
    expect(new URL(page.url()).search).toBe('?show=attention&q=ANNA');
    await page.reload();
    await until(async () => (await names(opened)).join() === 'Receipt printer fix, A80');
    expect(await page.getByRole('searchbox').inputValue()).toBe('ANNA');
    await opened.close();
  });

  test('takes a single state, and can be cleared where it finds nothing', async () => {
    const opened = await openCampaigns('?show=ABORTED');
    expect(await names(opened)).toEqual(['EMV kernel hotfix']);
    await opened.page.getByRole('searchbox').fill('nothing like it');
    await opened.page.getByRole('button', { name: 'Clear the filter' }).click();
    await until(async () => (await names(opened)).length === AFTERNOON.length);
    expect(new URL(opened.page.url()).search).toBe('');
    await opened.close();
  });
});

describe('a lost connection', () => {
  test('is seen, and nothing is missed when it is back', async () => {
    const campaignId = await plant(api.pool, { name: 'Lyon', status: 'RUNNING', counts: { PENDING: 10 } });
    await plant(api.pool, { name: 'Nice', status: 'RUNNING', ...one });
    const opened = await openCampaigns();
    const { page } = opened;
    await page.context().setOffline(true);
    api.cut();
    await page.getByText('Connection lost').waitFor();
    await page.getByText(/What you see may be out of date/).waitFor();
    await advance(api.pool, campaignId, 'PENDING', 'SUCCESS', 7);
    await api.pool.query(`UPDATE campaign SET status = 'ABORTED' WHERE name = 'Nice'`);
    await page.context().setOffline(false);
    await page.getByText('7 of 10').waitFor();
    await page.getByRole('row', { name: /Nice.*Aborted/ }).waitFor();
    await page.getByText(/What you see may be out of date/).waitFor({ state: 'detached' });
    await opened.close(
      /ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION|ERR_EMPTY/,
    );
  });

  test('at the first request: the problem says what to do, and the next try works', async () => {
    await plant(api.pool, { name: 'Lyon', status: 'RUNNING', ...one });
    const opened = await browser.open('about:blank');
    const { page } = opened;
    await page.route('**/api/v1/campaigns?*', (route) =>
      route.fulfill({
        status: 503,
        contentType: 'application/problem+json',
        json: {
          type: '/problems/database-unavailable',
          title: 'The database is not reachable',
          status: 503,
          detail: 'The database does not answer.',
          instance: '/api/v1/campaigns',
          correlationId: 'c0ffee',
        },
      }),
    );
    await page.goto(`${api.url}/campaigns`);
    const notice = page.getByRole('alert');
    await notice.getByText('Nothing was done. Try again in a moment.').waitFor();
    expect(await notice.innerText()).toMatch(/The database is not within reach[^]*does not answer[^]*c0ffee/);
    await page.unroute('**/api/v1/campaigns?*');
    await notice.getByRole('button', { name: 'Try again' }).click();
    await notice.waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /Lyon/ }).waitFor();
    await opened.close(/503/);
  });
});

describe('the keyboard', () => {
  test('finds a campaign, asks before it pauses it, and leads back', async () => {
    await plant(api.pool, { name: 'Lyon', status: 'RUNNING', ...one });
    await plant(api.pool, { name: 'Nice', status: 'RUNNING', hoursAgo: 2, ...one });
    const opened = await openCampaigns('', { actor: 'anna' });
    const { page } = opened;
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('Nice');
    await page.keyboard.press('p');
    const dialog = page.getByRole('dialog', { name: 'Pause “Nice”?' });
    await dialog.getByText('10 terminals not yet started wait until somebody resumes.').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await until(async () =>
      (await page.evaluate(() => document.activeElement?.textContent ?? '')).includes('Nice'),
    );
    await page.keyboard.press('/');
    await page.keyboard.type('lyon');
    await until(async () => (await names(opened)).join() === 'Lyon');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page
      .getByRole('dialog', { name: 'Keyboard shortcuts' })
      .getByText('Cancel the campaign in focus')
      .waitFor();
    await opened.expectAccessible();
    await opened.close();
  });
});

describe('what somebody has chosen', () => {
  test('language, colours and name are there again after a reload', async () => {
    await plant(api.pool, { name: 'Lyon', status: 'PAUSED', ...one });
    const opened = await openCampaigns();
    const { page } = opened;
    await page.getByRole('button', { name: 'Français' }).click();
    await page.getByRole('heading', { name: 'Campagnes' }).waitFor();
    await page.getByRole('button', { name: /^Couleurs/ }).click();
    await page.getByRole('button', { name: /^Couleurs/ }).click();
    await page.getByRole('button', { name: /Qui êtes-vous/ }).click();
    await page.getByRole('textbox', { name: /Votre nom/ }).fill('Zoë');
    await page.getByRole('button', { name: 'Enregistrer' }).click();
    await page.reload();
    await page.getByRole('button', { name: /Vous êtes Zoë/ }).waitFor();
    await page.getByRole('row', { name: /En pause/ }).waitFor();
    expect(await page.evaluate(() => [document.documentElement.lang, document.title])).toEqual([
      'fr',
      'Campagnes · Campagnes TPE',
    ]);
    expect(await page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('dark');
    await opened.close();
  });
});

describe('everybody', () => {
  const views: [string, OpenOptions][] = [
    ['light', { actor: 'anna.moreau@bank' }],
    ['dark', { scheme: 'dark', actor: 'anna.moreau@bank' }],
    ['tablet', { size: 'tablet' }],
    ['phone', { size: 'phone', locale: 'fr', actor: 'anna.moreau@bank' }],
  ];
  test.each(views)('can use it: %s', async (name, options) => {
    for (const campaign of AFTERNOON) await plant(api.pool, campaign);
    const opened = await openCampaigns('', options);
    const title = options.locale === 'fr' ? 'Campagnes' : 'Campaigns';
    await opened.page.getByRole('heading', { name: title }).waitFor();
    await opened.page.getByText(/54.280 termina/).waitFor();
    if (options.size !== 'tablet') await opened.picture(`campaigns-${name}`);
    await opened.expectAccessible();
    await opened.expectNoSideways();
    await opened.close();
  });

  test('can use the question before a cancel', async () => {
    await plant(api.pool, {
      name: 'Lyon',
      status: 'RUNNING',
      counts: { PENDING: 1_240, INSTALLING: 310, SUCCESS: 1 },
    });
    const opened = await openCampaigns();
    const { page } = opened;
    await page.getByRole('button', { name: 'Cancel Lyon' }).click();
    const dialog = page.getByRole('dialog', { name: 'Cancel “Lyon”?' });
    await dialog.getByText('1,240 terminals not yet started will be left alone.').waitFor();
    await dialog.getByText(/^310 in progress are followed to their end/).waitFor();
    await dialog.getByText('1 that is updated keeps the new version.').waitFor();
    await dialog.getByRole('button', { name: 'Cancel campaign' }).click();
    await dialog.getByText('Give a reason.').waitFor();
    await dialog.getByText(/^Say who you are/).waitFor();
    await opened.expectAccessible();
    await opened.picture('cancel-dialog');
    await opened.close();
  });
});
