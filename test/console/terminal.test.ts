import { describe, expect, test } from 'vitest';
import { tpeWorkflowId, TRACKING_TASK_QUEUE } from '../../workflows/names.ts';
import type { OpenOptions, OpenPage } from './browser.ts';
import { plantPast, plantUpdate } from './fleet-planted.ts';
import { api, browser, startBoth } from './served.ts';

startBoth();

async function openTerminal(tpeId: string, options: OpenOptions = {}): Promise<OpenPage> {
  const opened = await browser.open(`${api.url}/terminals/${tpeId}`, options);
  await opened.page.locator('h2').first().waitFor();
  return opened;
}

/** A terminal that is being updated. */
async function plantBusy(): Promise<{ tpeId: string; campaignId: string }> {
  const [tpeId = ''] = await api.fleet([{ idTms: 'A-7' }]);
  const campaignId = await plantUpdate(api.pool, tpeId, {
    name: 'Lyon',
    campaignStatus: 'RUNNING',
    status: 'INSTALLING',
    events: [{ type: 'tpe.requested', minutesAgo: 40 }],
  });
  return { tpeId, campaignId };
}

/** What the page sends, by the last part of its address. */
function sentBy({ page }: OpenPage): { what: string; body: unknown }[] {
  const sent: { what: string; body: unknown }[] = [];
  page.on('request', (request) => {
    if (request.method() !== 'POST') return;
    const what = new URL(request.url()).pathname.replace(/.*\//, '');
    sent.push({ what, body: request.postDataJSON() });
  });
  return sent;
}

describe('the page', () => {
  test('has what the terminal is and runs, the steps of its last update in words, and its past', async () => {
    const tpeId = await plantPast(api.pool);
    const opened = await openTerminal(tpeId);
    const { page } = opened;
    await page.getByRole('heading', { name: 'Terminal A-000001' }).waitFor();
    const facts = await page.locator('dl').innerText();
    expect(facts).toMatch(
      /State[^]*Updated[^]*Runs[^]*4\.3\.0-rc\.2[^]*12 min ago[^]*A920[^]*Lyon-12[^]*alpha[^]*as A-000001/,
    );
    const steps = page.getByRole('list', { name: 'Steps' }).getByRole('listitem');
    await steps.first().waitFor();
    expect((await steps.allInnerTexts()).map((text) => text.split('\n')[0])).toEqual([
      'alpha was asked for 4.3.0-rc.2, and took it',
      'A look found that it is being installed: alpha says DOWNLOADING',
      'Attempt 1 failed (battery-low): it is tried again',
      'alpha was asked for 4.3.0-rc.2 again, attempt 2',
      'A look found that the terminal itself reports 4.3.0-rc.2: verified',
    ]);
    const past = page.getByRole('table');
    expect(await past.getByRole('row').nth(1).innerText()).toMatch(
      /Pilot shops Lyon[^]*Updated[^]*4\.1\.7 → 4\.3\.0-rc\.2/,
    );
    expect(await past.getByRole('row').nth(2).innerText()).toMatch(/Kernel 12[^]*4\.1\.7 → 4\.1\.7/);
    expect(await past.getByRole('row').count()).toBe(4);
    const everything = page.getByRole('list', { name: 'Everything that has happened' });
    expect(await everything.getByRole('listitem').count()).toBe(12);
    expect(await everything.getByRole('listitem').last().innerText()).toMatch(/4\.1\.7[^]*Update to 4\.1\.7/);
    await opened.close();
  });

  test('leads to the tracker in Temporal, of the last update and of each before', async () => {
    const { tpeId, campaignId } = await plantBusy();
    const opened = await openTerminal(tpeId);
    const links = opened.page.getByRole('link', { name: /in temporal/i });
    expect(await links.count()).toBe(2);
    for (const link of await links.all()) {
      expect(await link.getAttribute('href')).toMatch(
        new RegExp(`^http.*/workflows/${tpeWorkflowId(campaignId, tpeId)}$`),
      );
      expect(await link.getAttribute('target')).toBe('_blank');
    }
    await opened.close();
  });

  test('follows what happens', async () => {
    const { tpeId, campaignId } = await plantBusy();
    const opened = await openTerminal(tpeId);
    const { page } = opened;
    await page.getByText(/alpha is at it\. It is done when the terminal itself reports 4\.2\.0/).waitFor();
    await api.pool.query(`UPDATE tpe SET version_courante = '4.2.0' WHERE tpe_id = $1`, [tpeId]);
    await api.pool.query(
      `WITH told AS (INSERT INTO event (type, campaign_id, tpe_id, actor, data)
                     VALUES ('tpe.success', $1, $2, 'tracker', '{"tms": "alpha", "version": "4.2.0"}'))
       UPDATE campaign_tpe SET status = 'SUCCESS', version = '4.2.0', last_update = now() WHERE campaign_id = $1`,
      [campaignId, tpeId],
    );
    await page
      .getByRole('list', { name: 'Steps' })
      .getByText(/itself reports 4\.2\.0: verified$/)
      .waitFor();
    await page.getByRole('button', { name: 'Roll back' }).waitFor();
    expect(await page.getByRole('button', { name: 'Look now' }).count()).toBe(0);
    await opened.close();
  });

  test('says that there is no such terminal, and what to do', async () => {
    const opened = await browser.open(`${api.url}/terminals/51f2a7c0-6f0b-4a53-9d0c-6a3f0a4b9c02`);
    await opened.page
      .getByRole('alert')
      .getByText(/Go back to the list/)
      .waitFor();
    await opened.close(/404/);
  });
});

describe('a look', () => {
  test('is asked for once, also by its key', async () => {
    const { tpeId, campaignId } = await plantBusy();
    const workflowId = tpeWorkflowId(campaignId, tpeId);
    await api.temporal.workflow.start('tpeUpdate', { workflowId, taskQueue: TRACKING_TASK_QUEUE });
    const opened = await openTerminal(tpeId, { actor: 'anna' });
    const sent = sentBy(opened);
    await opened.page.getByRole('button', { name: 'Look now' }).dblclick();
    await opened.page.getByText(/^A look was asked for/).waitFor();
    expect(sent).toEqual([{ what: 'look', body: { by: 'anna' } }]);
    await opened.page.keyboard.press('l');
    await opened.page.waitForResponse(/\/look$/);
    const { events } = await api.temporal.workflow.getHandle(workflowId).fetchHistory();
    const signals = (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) =>
      signal ? [signal.signalName] : [],
    );
    expect(signals).toEqual(['observeNow', 'observeNow']);
    await opened.close();
  });

  test('that is refused is told with why', async () => {
    const { tpeId } = await plantBusy();
    const opened = await openTerminal(tpeId);
    await opened.page.getByRole('button', { name: 'Look now' }).click();
    await opened.page
      .getByRole('alert')
      .getByText(/not been asked for yet, or it is done/)
      .waitFor();
    await opened.close(/409/);
  });
});

describe('after the end', () => {
  test('a terminal is tried again by a new campaign, made once', async () => {
    const [tpeId = ''] = await api.fleet([{ idTms: 'A-7', version: '4.1.0' }]);
    // A real one, for its policy.
    const campaignId = await api.campaign({ tpeIds: [tpeId] }, '4.2.0');
    await api.pool.query(`UPDATE campaign SET status = 'COMPLETED', name = 'Lyon' WHERE campaign_id = $1`, [
      campaignId,
    ]);
    await api.pool.query(`UPDATE campaign_tpe SET status = 'TIMEOUT', reason = 'unreachable'`);
    const opened = await openTerminal(tpeId);
    const { page } = opened;
    const sent = sentBy(opened);
    await page.getByRole('button', { name: 'Try again' }).click();
    const dialog = page.getByRole('dialog', { name: 'Update A-7 again?' });
    await dialog.getByText('A new campaign over this one terminal asks alpha for 4.2.0 again.').waitFor();
    await dialog.getByText(/^It has the policy of “Lyon”/).waitFor();
    await dialog.getByRole('textbox', { name: /Your name/ }).fill('anna');
    await opened.expectAccessible();
    await dialog.getByRole('button', { name: 'Try again' }).dblclick();
    await page.getByText('The campaign “Retry of Lyon” was created.').waitFor();
    await page.getByText('Waits for its turn.').waitFor();
    expect(sent).toEqual([{ what: 'retry', body: { createdBy: 'anna' } }]);
    const [made] = await api.rows('SELECT created_by, total FROM campaign WHERE retry_of = $1', [campaignId]);
    expect(made).toEqual({ created_by: 'anna', total: 1 });
    await opened.close();
  });

  test('a terminal is rolled back by a new campaign to its version before, and what is refused is told', async () => {
    const tpeId = await plantPast(api.pool);
    const opened = await openTerminal(tpeId, { actor: 'anna' });
    const { page } = opened;
    const sent = sentBy(opened);
    await page.getByRole('button', { name: 'Roll back' }).click();
    const dialog = page.getByRole('dialog', { name: 'Roll A-000001 back to 4.1.7?' });
    await dialog.getByText(/asks alpha to bring it from 4\.3\.0-rc\.2 back to 4\.1\.7\.$/).waitFor();
    await dialog.getByText('“Pilot shops Lyon” itself stays as it has ended.').waitFor();
    await opened.picture('terminal-roll-back');

    // Another campaign takes the terminal meanwhile, and lets it go.
    const other = await api.campaign({ tpeIds: [tpeId] });
    await dialog.getByRole('button', { name: 'Roll back to 4.1.7' }).click();
    await dialog
      .getByRole('alert')
      .getByText(/Correlation id/)
      .waitFor();
    await api.pool.query(`UPDATE campaign_tpe SET status = 'CANCELLED' WHERE campaign_id = $1`, [other]);
    await dialog.getByRole('button', { name: 'Roll back to 4.1.7' }).dblclick();
    await page.getByText('The campaign “Roll-back of A-000001 to 4.1.7” was created.').waitFor();
    expect(sent.map(({ what }) => what)).toEqual(['campaigns', 'campaigns']);
    const made = await api.rows(
      `SELECT version_cible, created_by, total FROM campaign WHERE name = 'Roll-back of A-000001 to 4.1.7'`,
    );
    expect(made).toEqual([{ version_cible: '4.1.7', created_by: 'anna', total: 1 }]);
    await opened.close(/409/);
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
    const opened = await openTerminal(await plantPast(api.pool), options);
    await opened.page
      .getByText(/battery-low/)
      .first()
      .waitFor();
    await opened.page.getByRole('button', { name: /Roll back|Revenir/ }).waitFor();
    // A phone makes its window wider where the page is: only the real width tells.
    const { width } = opened.page.viewportSize() ?? { width: 0 };
    expect(await opened.page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    if (options.size !== 'tablet') await opened.picture(`terminal-${name}`);
    await opened.expectAccessible();
    await opened.expectNoSideways();
    await opened.close();
  });
});
