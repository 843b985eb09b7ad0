import type { Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { until } from '../api/test-api.ts';
import type { OpenPage } from './browser.ts';
import { api, browser, startBoth } from './served.ts';

startBoth('policy_template');

const POLICY = {
  waves: [{ name: 'canary', count: 1, gate: { soakSeconds: 3600 } }, { rest: true }],
  rate: { perMinute: 7 },
  startAt: '2040-11-21T21:00:00.000Z',
};

/** A campaign that has ended, as somebody asked for it. @returns its id */
async function ended(asked: object): Promise<string> {
  const { body } = await api.create({ targetVersion: '4.2.0', policy: POLICY, createdBy: 'luc', ...asked });
  await api.pool.query(`UPDATE campaign SET status = 'COMPLETED', ended_at = now()`);
  await api.pool.query(`UPDATE campaign_tpe SET status = 'FAILED' WHERE status = 'PENDING'`);
  return body.campaignId;
}

async function openLike(campaignId: string): Promise<OpenPage> {
  const opened = await browser.open(`${api.url}/campaigns/${campaignId}`, { actor: 'anna' });
  await opened.page.getByRole('link', { name: 'New campaign like this one' }).click();
  await opened.page.getByRole('heading', { name: 'New campaign' }).waitFor();
  return opened;
}

const newest = async (): Promise<Record<string, unknown>> =>
  (
    await api.rows(
      'SELECT name, version_cible AS version, targets, policy FROM campaign ORDER BY created_at DESC',
    )
  )[0];

/** Waves have names, too. */
const nameOf = (page: Page): Locator => page.getByRole('textbox', { name: 'Name' }).first();

describe('a new campaign like one that has ended', () => {
  test('has its name, targets and policy without its times, is changed, and is launched', async () => {
    await api.fleet([{ model: 'A920' }, { model: 'A920' }, { model: 'A35' }]);
    const opened = await openLike(
      await ended({ name: 'Pilot shops', targets: { filter: { model: 'A920', versionBelow: '4.2.0' } } }),
    );
    const { page } = opened;
    await page.locator('.cm-content', { hasText: 'model = "A920" and version < "4.2.0"' }).waitFor();
    expect(await nameOf(page).inputValue()).toBe('Pilot shops');
    expect(await page.getByRole('spinbutton', { name: 'Terminals per minute' }).inputValue()).toBe('7');
    const version = page.getByRole('combobox', { name: /Target version/ });
    expect(await version.inputValue()).toBe('4.2.0');
    await version.fill('4.3.0');
    await opened.expectAccessible();
    await page.reload();
    await until(async () => (await version.inputValue()) === '4.3.0');
    await page.getByRole('button', { name: 'Update 2 terminals' }).click();
    await page.waitForURL((url) => url.pathname !== '/campaigns/new');
    expect(await newest()).toMatchObject({
      name: 'Pilot shops',
      version: '4.3.0',
      targets: { rule: 'model = "A920" and version < "4.2.0"' },
      policy: { waves: [{ name: 'canary', size: { count: 1 } }, {}], rate: { perMinute: 7 }, startAt: null },
    });
    await opened.close();
  });

  test('of a list has every terminal of it', async () => {
    const ids = await api.fleet(Array.from({ length: 501 }, () => ({})));
    const opened = await openLike(await ended({ targets: { tpeIds: ids } }));
    const { page } = opened;
    const field = page.getByRole('textbox', { name: /Ids of terminals/ });
    await field.waitFor();
    expect((await field.inputValue()).split('\n').sort()).toEqual([...ids].sort());
    // What the API has named after the version is named anew.
    expect(await nameOf(page).inputValue()).toBe('');
    await opened.close();
  });

  test('that is no longer there says so, and can be begun anew', async () => {
    const opened = await browser.open(`${api.url}/campaigns/new?like=51f2a7c0-6f0b-4a53-9d0c-6a3f0a4b9c02`, {
      actor: 'anna',
    });
    const { page } = opened;
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('combobox').count()).toBe(0);
    await page.getByRole('button', { name: 'Start anew' }).click();
    await page.getByRole('combobox', { name: /Target version/ }).waitFor();
    await opened.close(/404/);
  });
});

describe('the events of a campaign', () => {
  const said = [
    ['en', 'Events', 'Campaign created'],
    ['fr', 'Événements', 'Campagne créée'],
  ] as const;
  test.each(said)('are said in words: %s', async (locale, label, words) => {
    await api.fleet([{}]);
    const campaignId = await ended({ targets: { all: true } });
    const opened = await browser.open(`${api.url}/campaigns/${campaignId}?tab=events`, { locale });
    const events = opened.page.getByRole('list', { name: label });
    await events.getByText(words).waitFor();
    expect(await events.innerText()).not.toContain('campaign.created');
    await events.locator('summary').first().click();
    await events.getByText('campaign.created').first().waitFor();
    await opened.expectAccessible();
    await opened.close();
  });
});
