import { describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { until } from '../api/test-api.ts';
import type { OpenOptions, OpenPage } from './browser.ts';
import { openForm, startForm } from './new-campaign-page.ts';
import { plant } from './planted.ts';
import { api, browser } from './served.ts';

startForm();

const campaigns = (): Promise<Record<string, unknown>[]> =>
  api.rows(`SELECT name, version_cible AS version, targets, total, created_by AS by, policy_template AS template,
                   policy, status FROM campaign`);

/** It leads away from the form. */
const launched = ({ page }: OpenPage): Promise<void> =>
  page.waitForURL((url) => url.pathname !== '/campaigns/new');

const review = (page: Page): ReturnType<Page['getByRole']> => page.getByRole('region', { name: 'Review' });

describe('a launch', () => {
  test('of the usual kind is four clicks: version, group, template, launch', async () => {
    const opened = await openForm();
    const { page } = opened;
    await page.getByRole('button', { name: '4.2.0' }).click();
    await page.getByRole('button', { name: 'Group', exact: true }).click();
    await page.getByRole('combobox', { name: 'Group' }).selectOption('pilots');
    await page.getByRole('radio', { name: /careful/ }).check();
    await page.getByRole('button', { name: 'Update 20 terminals' }).click();
    await launched(opened);
    expect(await campaigns()).toMatchObject([
      {
        name: 'Update to 4.2.0',
        version: '4.2.0',
        targets: { group: 'pilots' },
        total: 20,
        by: 'anna',
        template: { name: 'careful', version: 1 },
      },
    ]);
    expect(await page.evaluate(() => sessionStorage.getItem('tpe-new-campaign'))).toBeNull();
    await opened.close();
  });

  test('that is clicked twice, or whose answer is lost, creates one campaign', async () => {
    const opened = await openForm('?version=4.2.0');
    const { page } = opened;
    const button = page.getByRole('button', { name: /^Update \d+ terminals$/ });
    await button.waitFor();
    await page.route('**/api/v1/campaigns', async (route) => {
      await route.fetch();
      await route.abort();
    });
    await button.dblclick();
    await page.getByRole('alert').getByText('The platform does not answer').waitFor();
    await page.unroute('**/api/v1/campaigns');
    expect(await campaigns()).toHaveLength(1);
    await page.reload();
    // The terminals are in it already.
    await page.getByText('No terminal would be updated').waitFor();
    await page.getByRole('button', { name: 'Launch campaign' }).click();
    await launched(opened);
    expect(await campaigns()).toHaveLength(1);
    await opened.close(/ERR_FAILED/);
  });

  test('with another content than the one before is told apart from it, and can be made a new one', async () => {
    const opened = await openForm('?version=4.2.0&group=pilots');
    const { page } = opened;
    const button = page.getByRole('button', { name: /^Update \d+ terminals$/ });
    await page.route('**/api/v1/campaigns', async (route) => {
      await route.fetch();
      await route.abort();
    });
    await button.click();
    await page.getByRole('alert').waitFor();
    await page.unroute('**/api/v1/campaigns');
    await page.getByText('No terminal would be updated').waitFor();
    await page.getByRole('textbox', { name: 'Name' }).fill('Second thoughts');
    await page.getByRole('button', { name: 'Launch campaign' }).click();
    await page.getByText(/^This form has launched a campaign already/).waitFor();
    await page.getByRole('button', { name: 'Make it a new campaign' }).click();
    await page.getByRole('button', { name: 'Launch campaign' }).click();
    await launched(opened);
    expect((await campaigns()).map(({ name }) => name)).toEqual(['Update to 4.2.0', 'Second thoughts']);
    await opened.close(/ERR_FAILED|422/);
  });

  test('that is not filled in leads to what is missing, and asks who it is', async () => {
    const opened = await openForm('', {});
    const { page } = opened;
    await page.getByRole('button', { name: 'Launch campaign' }).click();
    await page.getByText(/^Say who you are/).waitFor();
    await page.getByRole('textbox', { name: /Your name/ }).fill('Zoë');
    await page.getByRole('button', { name: 'Launch campaign' }).click();
    const version = page.getByRole('combobox', { name: /Target version/ });
    expect(await version.evaluate((field) => field === document.activeElement)).toBe(true);
    expect(await version.getAttribute('aria-invalid')).toBe('true');
    await version.fill('4.2.0');
    await page.getByRole('button', { name: /^Update \d+ terminals$/ }).click();
    await launched(opened);
    expect(await campaigns()).toMatchObject([{ by: 'Zoë' }]);
    await opened.close();
  });

  test('that the API refuses says why and what to do, and the form stays', async () => {
    const opened = await openForm('?version=4.2.0&group=pilots');
    const { page } = opened;
    const button = page.getByRole('button', { name: /^Update \d+ terminals$/ });
    await button.waitFor();
    await page.route('**/api/v1/campaigns', (route) =>
      route.fulfill({
        status: 503,
        contentType: 'application/problem+json',
        json: {
          type: '/problems/database-unavailable',
          title: '',
          status: 503,
          detail: 'The database does not answer.',
          instance: '/api/v1/campaigns',
          correlationId: 'c0ffee',
        },
      }),
    );
    await button.click();
    const alert = page.getByRole('alert');
    await alert.getByText('Nothing was done. Try again in a moment.').waitFor();
    expect(await alert.innerText()).toContain('c0ffee');
    await opened.expectAccessible();
    await page.unroute('**/api/v1/campaigns');
    await button.click();
    await launched(opened);
    expect(await campaigns()).toHaveLength(1);
    await opened.close(/503/);
  });
});

describe('the preview', () => {
  test('says how many, which, and who is left out and why', async () => {
    await plant(api.pool, { name: 'Other', status: 'RUNNING', counts: { INSTALLING: 7 } });
    const opened = await openForm('?version=4.2.0');
    const { page } = opened;
    await review(page).getByText('850 terminals will be updated').waitFor();
    await review(page).getByText('157 are left out').waitFor();
    const excluded = page.getByRole('table', { name: 'Who is left out, and why' });
    expect(await excluded.getByRole('row').allInnerTexts()).toEqual([
      expect.stringMatching(/Reason/),
      expect.stringMatching(/Runs the version already\s+100\s+[0-9a-f]{8}/),
      expect.stringMatching(/Out of use\s+50\s+[0-9a-f]{8}/),
      expect.stringMatching(/Another campaign is updating it\s+7\s+[0-9a-f]{8}/),
    ]);
    const models = page.getByRole('table', { name: 'By model' });
    expect(await models.getByRole('row').allInnerTexts()).toEqual([
      expect.anything(),
      expect.stringMatching(/A920[^]*607/),
      expect.stringMatching(/A80[^]*400/),
    ]);
    await page.getByRole('button', { name: 'Show all 8' }).click();
    await page.getByRole('button', { name: 'Show fewer' }).waitFor();
    await opened.close();
  });

  test('follows what is pasted, and tells what is no id', async () => {
    const ids = await api.rows(
      'SELECT tpe_id AS id FROM tpe WHERE version_courante = $1 AND statut = $2 LIMIT 3',
      ['4.1.0', 'ACTIVE'],
    );
    const opened = await openForm('?version=4.2.0&to=ids');
    const { page } = opened;
    const field = page.getByRole('textbox', { name: /Ids of terminals/ });
    const list = [...ids, ids[0]].map(({ id }) => id).join('\n');
    await field.fill(`${list}\nA-000017`);
    await page.getByText('1 is no id: a-000017').waitFor();
    await field.fill(list);
    await page.getByText('3 ids are read. 1 was there a second time and is left out.').waitFor();
    await page.getByRole('button', { name: 'Update 3 terminals' }).waitFor();
    await field.fill('00000000-0000-4000-8000-000000000000');
    await until(async () => (await field.getAttribute('aria-invalid')) === 'true');
    await opened.close(/422/);
  });
});

describe('the policy', () => {
  test('of a template is said in words, and the waves over time are a picture with a table behind it', async () => {
    const opened = await openForm('?version=4.2.0&template=careful');
    const { page } = opened;
    await page.getByText('In 3 waves: canary (20), tenth (10%), wave 3 (the rest).').waitFor();
    await page.getByText('Only every day 22:00–05:00, by the clock of Europe/Paris.').waitFor();
    const waves = page.getByRole('figure', { name: 'The waves over time' });
    expect(await waves.getByRole('img').getAttribute('aria-label')).toMatch(
      /^canary, 20 terminals: from .* to .*; tenth, .*; wave 3, .*$/,
    );
    await waves.getByRole('button', { name: 'Show as a table' }).click();
    expect(await waves.getByRole('rowheader').allTextContents()).toEqual(['canary', 'tenth', 'wave 3']);
    await opened.close();
  });

  test('by hand begins with the template, shows faults at their fields, and is what is launched', async () => {
    const opened = await openForm('?version=4.2.0&template=careful&group=pilots');
    const { page } = opened;
    await page.getByRole('button', { name: 'Change it by hand' }).click();
    const perMinute = page.getByRole('spinbutton', { name: 'Terminals per minute' });
    expect(await perMinute.inputValue()).toBe('2');
    await page.getByRole('button', { name: 'Remove wave 2' }).click();
    const canary = page.getByRole('listitem', { name: 'Wave 1' });
    await canary.getByRole('spinbutton', { name: 'Updated, %' }).fill('101');
    await canary.getByText('must be 0 to 100').waitFor();
    await review(page).getByText('Policy: must be 0 to 100').waitFor();
    await opened.expectAccessible();
    await canary.getByRole('spinbutton', { name: 'Updated, %' }).fill('99');
    await perMinute.fill('30');
    await page.getByRole('button', { name: 'Add a freeze' }).click();
    await page.getByLabel('First day').fill('2040-12-24');
    await page.getByLabel('Last day').fill('2040-12-26');
    await page.getByRole('checkbox', { name: /^Four eyes/ }).check();
    await page.getByRole('button', { name: 'Update 20 terminals' }).click();
    await launched(opened);
    expect(await campaigns()).toMatchObject([
      {
        status: 'PENDING_APPROVAL',
        template: null,
        policy: {
          waves: [{ name: 'canary', gate: { minSuccessPercent: 99, soakSeconds: 3600, approval: true } }, {}],
          rate: { perMinute: 30 },
          maintenance: { freezes: [{ from: '2040-12-24', to: '2040-12-26' }], timeZone: 'Europe/Paris' },
        },
      },
    ]);
    await opened.close(/422/);
  });
});

describe('the form', () => {
  test('is as it was after a reload, and empty when it is begun anew', async () => {
    const opened = await openForm();
    const { page } = opened;
    await page.getByRole('combobox', { name: /Target version/ }).fill('4.3.0');
    await page.getByRole('textbox', { name: 'Name' }).fill('Lyon');
    await page.getByRole('button', { name: 'By hand', exact: true }).click();
    await page.getByRole('spinbutton', { name: 'Terminals per minute' }).fill('7');
    await page.reload();
    await page.getByText('7 terminals per minute.').waitFor();
    expect(await page.getByRole('combobox', { name: /Target version/ }).inputValue()).toBe('4.3.0');
    await page.getByRole('button', { name: 'Start anew' }).click();
    expect(await page.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('');
    await opened.close();
  });

  test('that can not learn of groups and templates says so, and tries again', async () => {
    const opened = await browser.open('about:blank');
    const { page } = opened;
    await page.route('**/api/v1/policy-templates?*', (route) => route.abort());
    await page.goto(`${api.url}/campaigns/new`);
    const alert = page.getByRole('alert');
    await alert.waitFor();
    await page.unroute('**/api/v1/policy-templates?*');
    await alert.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('radio', { name: /careful/ }).waitFor();
    await opened.close(/ERR_FAILED/);
  });

  test('more groups than the API gives at once are all there to choose from', async () => {
    await api.pool.query(
      `INSERT INTO target_group (name, rule, created_by, updated_by)
       SELECT 'group-' || lpad(n::text, 4, '0'), 'all', 'test', 'test' FROM generate_series(1, 501) n`,
    );
    const opened = await openForm('?group=group-0501');
    const { page } = opened;
    await page.getByText('It stands for:').waitFor();
    expect(await page.getByRole('option', { name: /^group-/ }).count()).toBe(501);
    expect(await page.getByText(/Only the first/).count()).toBe(0);
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
    const rule = encodeURIComponent('model = "A920" and not tag "pilot"');
    const opened = await openForm(`?version=4.2.0&rule=${rule}&template=careful`, options);
    const { page } = opened;
    await page.locator('.cm-content').waitFor();
    await page.getByRole('figure').waitFor();
    if (options.size !== 'tablet') await opened.picture(`new-campaign-${name}`);
    await opened.expectAccessible();
    await opened.expectNoSideways();
    await opened.close();
  });

  test.each(views)('can make a policy by hand: %s', async (name, options) => {
    const opened = await openForm('?version=4.2.0&template=careful', options);
    const { page } = opened;
    await page.getByRole('figure').waitFor();
    await page.getByRole('button', { name: /Change it by hand|Modifier à la main/ }).click();
    if (name === 'light') {
      await page.getByRole('button', { name: 'Update 850 terminals' }).waitFor();
      await page.getByRole('figure').scrollIntoViewIfNeeded();
      await opened.picture('new-campaign-policy');
    }
    await page.getByRole('button', { name: /Add a freeze|Ajouter un gel/ }).click();
    await page.getByRole('group', { name: /Freeze 1|Gel 1/ }).waitFor();
    await opened.expectAccessible();
    await opened.expectNoSideways();
    await opened.close(/422/);
  });
});
