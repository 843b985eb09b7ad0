import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { until } from '../api/test-api.ts';
import type { OpenOptions } from './browser.ts';
import { openCampaign, rows } from './campaign-page.ts';
import { plantRollout, plantStatistics } from './campaign-planted.ts';
import { advance } from './planted.ts';
import { api, browser, startBoth } from './served.ts';

startBoth('campaign_wave');

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

  test('is seen where only the stream of all campaigns tells it, or tells it first', async () => {
    const campaignId = await plantRollout(api.pool, { counts: { INSTALLING: 8, PENDING: 2 } });
    const opened = await browser.open(`${api.url}/campaigns`);
    const { page } = opened;
    // It is never answered.
    await page.route(`**/campaigns/${campaignId}/stream`, () => undefined);
    await page.goto(`${api.url}/campaigns/${campaignId}?tab=terminals`);
    await rows(opened).nth(9).waitFor();
    for (const done of [2, 4, 6, 8]) {
      await advance(api.pool, campaignId, 'INSTALLING', 'SUCCESS', 2);
      await page.getByText(`${done} of 10`).waitFor();
      await until(async () => (await rows(opened).filter({ hasText: 'Updated' }).count()) === done);
    }
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
    expect(await events.first().innerText()).toMatch(/Campaign paused by luc\s+storm 60/);
    await opened.page.getByRole('button', { name: 'Show older ones' }).click();
    await until(async () => (await events.count()) === 60);
    await advance(api.pool, campaignId, 'PENDING', 'SUCCESS', 1);
    await events.first().getByText('tpe.test').first().waitFor();
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
