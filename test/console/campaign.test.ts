import { randomUUID } from 'node:crypto';
import type { Locator, Request } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CONSOLE_FOLDER } from '../../api/console.ts';
import { emptyTables } from '../support/empty.ts';
import { TestApi, until } from '../api/test-api.ts';
import { BROWSER_TIMEOUT_MS, TestBrowser, type OpenOptions, type OpenPage } from './browser.ts';
import { plantRollout, plantStatistics } from './campaign-planted.ts';
import { advance, plant } from './planted.ts';

let api: TestApi;
let browser: TestBrowser;
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

/** The page of a campaign as soon as it shows it. */
async function openCampaign(campaignId: string, search = '', options: OpenOptions = {}): Promise<OpenPage> {
  const opened = await browser.open(`${api.url}/campaigns/${campaignId}${search}`, options);
  await opened.page.getByRole('tablist').waitFor();
  return opened;
}

const rows = ({ page }: OpenPage): Locator => page.locator('[data-terminal]');

describe('the first view', () => {
  test('has state, progress, waves with their gates and what can be done, without waiting for charts', async () => {
    const campaignId = await plantRollout(api.pool);
    const opened = await browser.open('about:blank');
    const { page } = opened;
    await page.route('**/statistics*', () => undefined);
    await page.goto(`${api.url}/campaigns/${campaignId}`);
    await page.getByRole('heading', { name: 'Contactless limit, whole fleet', level: 1 }).waitFor();
    await page.getByText('Wave 2 of 3 (Lyon and Nice) is under way').waitFor();
    expect(await page.getByRole('group', { name: 'Actions' }).getByRole('button').allInnerTexts()).toEqual([
      'Pause',
      'Next wave',
      'Change policy',
      'End',
    ]);
    const figures = await page.locator('dl[aria-label="In numbers"]').innerText();
    expect(figures).toMatch(/Done\s+24%\s+1,444 of 6,000/);
    expect(figures).toMatch(/Updated\s+1,320\s+22%/);
    expect(figures).toMatch(/Failed or timed out\s+64\s+4.7% of updates/);
    const waves = page.getByRole('table').filter({ hasText: 'Lyon and Nice' });
    expect(await waves.getByRole('row', { name: /canary/ }).innerText()).toMatch(
      /Passed[^]*97%, 95% needed[^]*then soaks 1 hr · then an approval · else pauses/,
    );
    expect(await waves.getByRole('row', { name: /rest/ }).innerText()).toMatch(
      /To come[^]*last wave: no gate/,
    );
    await opened.close();
  });

  test('says what is waited for, and until when', async () => {
    const campaignId = await plantRollout(api.pool, {
      waitingFor: { what: 'wave 2 of 3, soaking 30 min', until: '2026-11-27T13:05:00.000Z' },
    });
    await api.pool.query(
      `UPDATE campaign_wave SET state = 'SOAKING', detail = '2026-11-27T13:05:00.000Z' WHERE wave = 2`,
    );
    const opened = await openCampaign(campaignId);
    await opened.page.getByText('Wave 2 of 3 soaks, until 27 Nov 2026, 14:05').waitFor();
    const wave = opened.page.locator('[data-wave="2"]');
    expect(await wave.innerText()).toMatch(/Soaking[^]*until 27 Nov 2026, 14:05/);
    await opened.close();
  });

  test('of a campaign that is not there is a problem, and no lost connection', async () => {
    const opened = await browser.open(`${api.url}/campaigns/${randomUUID()}`);
    await opened.page
      .getByRole('alert')
      .getByText(/There is no campaign/)
      .waitFor();
    await opened.page.getByText('Connected').waitFor();
    await opened.close(/404/);
  });
});

describe('what happens', () => {
  test('is seen: counts, state, waves and terminals', async () => {
    const campaignId = await plantRollout(api.pool, { counts: { INSTALLING: 8, PENDING: 2 } });
    const opened = await openCampaign(campaignId, '?tab=terminals');
    const { page } = opened;
    await rows(opened).nth(9).waitFor();
    await advance(api.pool, campaignId, 'INSTALLING', 'SUCCESS', 8);
    await page.getByText('8 of 10').waitFor();
    await until(async () => (await rows(opened).filter({ hasText: 'Updated' }).count()) === 8);
    await api.pool.query(
      `UPDATE campaign SET status = 'PAUSED', last_command = '{"command": "pause", "by": "luc", "reason": "storm", "at": "2026-11-27T10:00:00Z"}'`,
    );
    await page.getByText('Paused by luc: storm').waitFor();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await opened.close();
  });

  test('while the line is lost is seen when it is back', async () => {
    const campaignId = await plantRollout(api.pool, { counts: { INSTALLING: 8, PENDING: 2 } });
    const opened = await openCampaign(campaignId, '?tab=terminals');
    const { page } = opened;
    await rows(opened).nth(9).waitFor();
    await page.context().setOffline(true);
    api.cut();
    await page.getByText('Connection lost').waitFor();
    await advance(api.pool, campaignId, 'INSTALLING', 'SUCCESS', 5);
    await page.context().setOffline(false);
    await page.getByText('5 of 10').waitFor();
    await until(async () => (await rows(opened).filter({ hasText: 'Updated' }).count()) === 5);
    await opened.close(
      /ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION|ERR_EMPTY/,
    );
  });

  test('is in the list of events, newest first: who, when, why', async () => {
    const campaignId = await plantRollout(api.pool, { counts: { PENDING: 3 } });
    await api.pool.query(
      `INSERT INTO event (type, campaign_id, actor, reason, data)
       SELECT 'campaign.paused', $1, 'luc', 'storm ' || n, '{"waves": 3}' FROM generate_series(1, 60) n`,
      [campaignId],
    );
    const opened = await openCampaign(campaignId, '?tab=events');
    const events = opened.page.getByRole('list', { name: 'Events' }).locator('> li');
    await until(async () => (await events.count()) === 50);
    expect(await events.first().innerText()).toMatch(/campaign\.paused by luc\s+storm 60/);
    await opened.page.getByRole('button', { name: 'Show older ones' }).click();
    await until(async () => (await events.count()) === 60);
    await advance(api.pool, campaignId, 'PENDING', 'SUCCESS', 1);
    await events.first().getByText('tpe.test').waitFor();
    await opened.close();
  });
});

describe('the charts', () => {
  test('have the same figures as tables, and lead from a failure to its terminals', async () => {
    const campaignId = await plantRollout(api.pool);
    await plantStatistics(api.pool, campaignId);
    const opened = await openCampaign(campaignId);
    const { page } = opened;
    await page.getByRole('img', { name: /of 6,000 terminals are done/ }).waitFor();
    const progress = page.locator('figure').filter({ hasText: 'Updated' });
    await progress.getByText('As a table').click();
    const last = await progress.getByRole('row').last().innerText();
    expect(last).toMatch(/1,320\s+46\s+18\s+0\s+0$/);
    await page.getByRole('img', { name: /how long they took/ }).waitFor();
    await page.getByText(/^Half of the updates that succeeded took/).waitFor();
    await page.getByRole('button', { name: /failed:battery-low/ }).click();
    expect(new URL(page.url()).searchParams.toString()).toBe(
      'tab=terminals&status=FAILED%2CTIMEOUT&reason=failed%3Abattery-low',
    );
    await rows(opened).first().waitFor();
    const texts = await rows(opened).allInnerTexts();
    expect(texts.filter((text) => !/Failed[^]*failed:battery-low/.test(text))).toEqual([]);
    await opened.close();
  });
});

describe('the terminals', () => {
  test('are filtered by what the address says, and the filter can be cleared', async () => {
    const campaignId = await plantRollout(api.pool);
    const opened = await openCampaign(campaignId, '?tab=terminals&status=FAILED&model=A80');
    const { page } = opened;
    await rows(opened).first().waitFor();
    const texts = await rows(opened).allInnerTexts();
    expect(texts.filter((text) => !/Failed[^]*A80/.test(text))).toEqual([]);
    expect(await page.getByRole('combobox', { name: 'State' }).inputValue()).toBe('FAILED');
    const [id = ''] = await rows(opened).evaluateAll((all) =>
      all.map((each) => each.getAttribute('data-terminal')),
    );
    await page.getByRole('searchbox').fill(String(id).slice(0, 13));
    await until(async () => (await rows(opened).count()) === 1);
    await page.getByRole('searchbox').fill('nothing');
    await page.getByText('No terminal meets this filter').waitFor();
    await page.getByRole('button', { name: 'Clear the filter' }).first().click();
    await page.getByText('6,000 terminals', { exact: true }).waitFor();
    expect(new URL(page.url()).search).toBe('?tab=terminals');
    await opened.close();
  });

  test('are drawn only where they are seen, however many there are', async () => {
    const campaignId = await plant(api.pool, {
      name: 'All',
      status: 'RUNNING',
      counts: { SUCCESS: 12_000, PENDING: 18_000 },
    });
    const opened = await openCampaign(campaignId, '?tab=terminals');
    const { page } = opened;
    await page.getByText('30,000 terminals', { exact: true }).waitFor();
    const table = page.getByRole('table', { name: 'Terminals of the campaign' });
    await table.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    const last = page.locator('[aria-rowindex="30001"][data-terminal]');
    await until(async () => {
      await table.evaluate((element) => element.scrollTo(0, element.scrollHeight));
      return (await last.count()) === 1;
    });
    const ids = await api.rows('SELECT max(tpe_id::text) AS id FROM campaign_tpe');
    expect(await last.getAttribute('data-terminal')).toBe(ids[0].id);
    expect(await rows(opened).count()).toBeLessThan(80);
    await opened.close();
  });

  test('that have failed are tried again as a new campaign: all, or the chosen ones', async () => {
    const campaignId = await plantRollout(api.pool, {
      status: 'COMPLETED',
      counts: { SUCCESS: 5, FAILED: 3 },
    });
    const opened = await openCampaign(campaignId, '?tab=terminals&status=FAILED', { actor: 'zoe' });
    const { page } = opened;
    await rows(opened).first().getByRole('checkbox').check();
    await page.getByText('1 is chosen').waitFor();
    await page.getByRole('button', { name: 'Choose all 3' }).click();
    await rows(opened).first().getByRole('checkbox').uncheck();
    await page.getByRole('button', { name: 'Retry 2' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('A new campaign tries 2 terminals again.').waitFor();
    await opened.expectAccessible();
    await dialog.getByRole('button', { name: 'Start new campaign' }).dblclick();
    await page.getByRole('heading', { name: 'Retry of Contactless limit, whole fleet' }).waitFor();
    const made = await api.rows('SELECT name, total, created_by FROM campaign WHERE retry_of = $1', [
      campaignId,
    ]);
    expect(made).toEqual([{ name: 'Retry of Contactless limit, whole fleet', total: 2, created_by: 'zoe' }]);
    await opened.close();
  });
});

describe('what can be done', () => {
  /** The commands that the page has sent, and what came with them. */
  function commandsOf({ page }: OpenPage): [string, unknown][] {
    const sent: [string, unknown][] = [];
    page.on('request', (request: Request) => {
      if (request.method() === 'GET') return;
      sent.push([new URL(request.url()).pathname.replace(/.*\//, ''), request.postDataJSON()]);
    });
    return sent;
  }

  test('is asked once, says what will happen in numbers, and is told as asked for until it is seen', async () => {
    const campaignId = await plantRollout(api.pool);
    const opened = await openCampaign(campaignId, '', { actor: 'zoe' });
    const { page } = opened;
    const sent = commandsOf(opened);
    await page.getByRole('button', { name: 'End', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Cancel and roll back' }).click();
    const dialog = page.getByRole('dialog', { name: /and roll back\?$/ });
    await dialog.getByText('4,256 terminals not yet started will be left alone.').waitFor();
    await dialog.getByText(/^300 in progress are followed to their end/).waitFor();
    await dialog.getByText(/^1,320 that are updated are brought back/).waitFor();
    await dialog.getByRole('button', { name: 'Cancel and roll back' }).click();
    await dialog.getByText('Give a reason.').waitFor();
    expect(sent).toEqual([]);
    await dialog.getByRole('textbox', { name: /Reason/ }).fill('they restart');
    await dialog.getByRole('button', { name: 'Cancel and roll back' }).dblclick();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Asked for: Cancel and roll back…').waitFor();
    expect(sent).toEqual([['cancel', { by: 'zoe', reason: 'they restart', rollBack: true }]]);
    await api.pool.query(`UPDATE campaign SET status = 'CANCELLING', rolling_back = true`);
    await page.getByText('Rolling back').waitFor();
    await page.getByText(/^Asked for/).waitFor({ state: 'detached' });
    await opened.close();
  });

  test('refuses the approval of the author, and takes that of somebody else', async () => {
    const campaignId = await plantRollout(api.pool, {
      status: 'PENDING_APPROVAL',
      by: 'zoe',
      counts: { PENDING: 10 },
      waitingFor: { what: 'the approval of somebody other than its author', until: null },
    });
    const opened = await openCampaign(campaignId, '', { actor: 'zoe' });
    const { page } = opened;
    await page.getByRole('button', { name: 'Approve' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Four eyes: it does not count from its author, zoe.').waitFor();
    await dialog.getByRole('button', { name: 'Approve' }).click();
    expect(await dialog.getByRole('alert').innerText()).toMatch(
      /was created by zoe: somebody else must approve it/,
    );
    await opened.expectAccessible();
    await opened.close(/403/);

    const other = await openCampaign(campaignId, '', { actor: 'luc' });
    await other.page.getByRole('button', { name: 'Approve' }).click();
    await other.page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
    await other.page.getByText('Asked for: Approve…').waitFor();
    await other.close();
  });

  test('changes the policy after it was told what that means; Back leads to what was filled in', async () => {
    const campaignId = await plantRollout(api.pool);
    const opened = await openCampaign(campaignId, '', { actor: 'zoe' });
    const { page } = opened;
    const sent = commandsOf(opened);
    await page.route('**/policy', (route) =>
      route.fulfill({ json: { campaignId, changed: ['rate'], policy: {} } }),
    );
    await page.getByRole('button', { name: 'Change policy' }).click();
    const dialog = page.getByRole('dialog');
    const rate = dialog.getByRole('textbox', { name: 'Terminals per minute' });
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await dialog.getByText('Nothing is changed yet.').waitFor();
    await rate.fill('fast');
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await dialog.getByText(/^A number from 0\.1/).waitFor();
    await rate.fill('30');
    await opened.expectAccessible();
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await dialog.getByText('Rate: 30 per minute instead of 60 per minute.').waitFor();
    await dialog.getByRole('button', { name: 'Back' }).click();
    expect(await rate.inputValue()).toBe('30');
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await dialog.getByRole('textbox', { name: /Reason/ }).fill('TMS is slow');
    await dialog.getByRole('button', { name: 'Change policy' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(sent).toEqual([
      [
        'policy',
        {
          rate: { perMinute: 30, growthFactor: 2, growEvery: 500, maxPerMinute: 2000 },
          by: 'zoe',
          reason: 'TMS is slow',
        },
      ],
    ]);
    await opened.close();
  });
});

describe('the keyboard', () => {
  test('goes through the parts of the page, pauses, and opens the menu', async () => {
    const campaignId = await plantRollout(api.pool);
    const opened = await openCampaign(campaignId, '', { actor: 'zoe' });
    const { page } = opened;
    await page.getByRole('tab', { name: 'Overview' }).focus();
    await page.keyboard.press('ArrowRight');
    await rows(opened).first().waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('zzz');
    await page.getByText('No terminal meets this filter').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('p');
    await page.getByRole('dialog', { name: /^Pause/ }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'End', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem').first().waitFor();
    await page.keyboard.press('ArrowDown');
    await page.locator('[role="menuitem"]:focus').waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await opened.close();
  });
});

describe('everybody', () => {
  const views: [string, OpenOptions][] = [
    ['light', { actor: 'luc.m' }],
    ['dark', { scheme: 'dark', actor: 'luc.m' }],
    ['phone', { size: 'phone', locale: 'fr', actor: 'luc.m' }],
  ];
  test.each(views)('can use it: %s', async (name, options) => {
    const campaignId = await plantRollout(api.pool);
    await plantStatistics(api.pool, campaignId);
    const opened = await openCampaign(campaignId, '', options);
    const { page } = opened;
    await page.locator('figure canvas').waitFor();
    await page.locator('figure rect').first().waitFor();
    await opened.picture(`campaign-${name}`);
    await opened.expectAccessible();
    await opened.expectNoSideways();
    await page.locator('figure').first().scrollIntoViewIfNeeded();
    if (name === 'light') await opened.picture('campaign-charts');
    await page.getByRole('tab').nth(1).click();
    await rows(opened).first().waitFor();
    if (name === 'light') await opened.picture('campaign-terminals');
    await opened.expectAccessible();
    await opened.expectNoSideways();
    await page.getByRole('tab').nth(2).click();
    await page.locator('ol > li').first().waitFor();
    await opened.expectAccessible();
    await opened.expectNoSideways();
    await opened.close();
  });
});
