import type { Request } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { until } from '../api/test-api.ts';
import type { OpenPage } from './browser.ts';
import { openCampaign, rows } from './campaign-page.ts';
import { plantRollout } from './campaign-planted.ts';
import { plant } from './planted.ts';
import { api, startBoth } from './served.ts';

startBoth('campaign_wave');

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
