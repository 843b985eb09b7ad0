import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { until } from '../api/test-api.ts';
import type { OpenOptions, OpenPage } from './browser.ts';
import { plantFleet } from './fleet-planted.ts';
import { api, browser, startBoth } from './served.ts';

startBoth('target_group');

/** The page as soon as it shows what there is. */
async function openFleet(search = '', options: OpenOptions = {}): Promise<OpenPage> {
  const opened = await browser.open(`${api.url}/fleet${search}`, options);
  await opened.page.locator('table, [class*=empty]').first().waitFor();
  return opened;
}

const names = ({ page }: OpenPage): Promise<string[]> =>
  page.locator('[data-terminal] td:first-child > :first-child').allTextContents();

const untilNames = (opened: OpenPage, wanted: readonly string[]): Promise<unknown> =>
  until(async () => (await names(opened)).sort().join() === [...wanted].sort().join());

/** Three terminals that differ in everything. */
async function plantThree(): Promise<void> {
  await api.fleet([
    { idTms: 'A-1', model: 'A920', site: 'Lyon-1', version: '4.1.0' },
    { idTms: 'A-2', model: 'A920', site: 'Saint-Malo', version: '4.2.0' },
    { idTms: 'B-1', model: 'A35', site: 'Lyon-1', version: null, tms: 'beta', active: false },
  ]);
  await api.pool.query(
    `UPDATE tpe SET last_seen = now() - interval '3 hours', tags = '{vip}' WHERE id_tms = 'A-1'`,
  );
  await api.pool.query(`UPDATE tpe SET last_seen = now() - interval '40 days' WHERE id_tms = 'A-2'`);
}

describe('the list', () => {
  test('has what each terminal is and runs, and leads to it', async () => {
    await plantThree();
    const opened = await openFleet();
    const { page } = opened;
    expect((await names(opened)).sort()).toEqual(['A-1', 'A-2', 'B-1']);
    expect(await page.getByRole('row', { name: /A-1/ }).innerText()).toMatch(
      /4\.1\.0[^]*A920[^]*Lyon-1[^]*alpha[^]*vip[^]*3 hr ago/,
    );
    expect(await page.getByRole('row', { name: /B-1/ }).innerText()).toMatch(
      /not in use[^]*unknown[^]*A35[^]*beta[^]*never/,
    );
    await page.getByText('3 terminals of 3 shown').waitFor();
    await page.getByRole('link', { name: 'A-1' }).click();
    await page.getByRole('heading', { name: 'Terminal A-1' }).waitFor();
    await opened.close();
  });

  test('grows page by page', async () => {
    await plantFleet(api.pool, 150);
    const opened = await openFleet();
    await opened.page.getByText('100 terminals of 150 shown').waitFor();
    await opened.page.getByRole('button', { name: 'Show more' }).click();
    await opened.page.getByText('150 terminals of 150 shown').waitFor();
    expect(new Set(await names(opened)).size).toBe(150);
    expect(await opened.page.getByRole('button', { name: 'Show more' }).count()).toBe(0);
    await opened.close();
  });

  test('is used from the keyboard: search, row by row, open', async () => {
    await plantThree();
    const opened = await openFleet();
    const { page } = opened;
    await page.keyboard.press('/');
    await page.keyboard.type('lyon');
    await untilNames(opened, ['A-1', 'B-1']);
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    const [first = ''] = await names(opened);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(first);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: `Terminal ${first}` }).waitFor();
    await opened.close();
  });
});

describe('the filters', () => {
  test('are bars with their numbers; one that is chosen narrows list and bars, and stands in the address', async () => {
    await plantThree();
    const opened = await openFleet();
    const { page } = opened;
    const models = page.getByRole('group', { name: 'Model' });
    const versions = page.getByRole('group', { name: 'Version' });
    expect(await models.getByRole('button').allInnerTexts()).toEqual(['A920\n2\n66.7%', 'A35\n1\n33.3%']);
    await models.getByRole('button', { name: /^A920/ }).click();
    await untilNames(opened, ['A-1', 'A-2']);
    await until(async () => (await versions.getByRole('button').count()) === 2);
    expect(await models.getByRole('button').count()).toBe(2);
    await page
      .getByRole('group', { name: 'Site' })
      .getByRole('button', { name: /^Lyon-1/ })
      .click();
    await untilNames(opened, ['A-1']);
    expect(new URL(page.url()).search).toBe('?model=A920&site=Lyon-1');
    await page.reload();
    await untilNames(opened, ['A-1']);
    await page.getByRole('button', { name: 'Remove the filter Model: A920' }).click();
    await untilNames(opened, ['A-1', 'B-1']);
    await page.getByRole('button', { name: 'Clear the filter' }).click();
    await untilNames(opened, ['A-1', 'A-2', 'B-1']);
    expect(new URL(page.url()).search).toBe('');
    await opened.close();
  });

  test('are also a version that is not known, days without news, a group, and a text in any letters', async () => {
    await plantThree();
    await api.send('groups/first%20shops', { method: 'PUT', json: { rule: 'tag "vip"' } });
    const opened = await openFleet();
    const { page } = opened;
    const clear = page.getByRole('button', { name: 'Clear the filter' });
    await page
      .getByRole('group', { name: 'Version' })
      .getByRole('button', { name: /^unknown/ })
      .click();
    await untilNames(opened, ['B-1']);
    await clear.click();
    await page.getByRole('combobox', { name: 'Last seen' }).selectOption('Not seen for 30 days');
    await untilNames(opened, ['A-2', 'B-1']);
    await clear.click();
    await page.getByRole('combobox', { name: 'Group' }).selectOption('Group first shops');
    await untilNames(opened, ['A-1']);
    await clear.click();
    await page.getByRole('searchbox').fill('SAINT-malo');
    await untilNames(opened, ['A-2']);
    await page.getByRole('searchbox').fill('nothing like it');
    await page.getByText('No terminal meets this filter').waitFor();
    await opened.close();
  });

  test('are the rule of a new campaign', async () => {
    await plantThree();
    const opened = await openFleet('?model=A920&version=4.1.0');
    const link = opened.page.getByRole('link', { name: 'New campaign with these' });
    const target = new URL((await link.getAttribute('href')) ?? '', api.url);
    expect([target.pathname, target.searchParams.get('rule')]).toEqual([
      '/campaigns/new',
      'version = "4.1.0" and model = "A920"',
    ]);
    await opened.close();
  });

  test('that the API refuses are told with what to do', async () => {
    await plantThree();
    const opened = await browser.open(`${api.url}/fleet?group=gone`);
    const notice = opened.page.getByRole('alert');
    await notice.getByText('rule: there is no group "gone" (column 7).').waitFor();
    await opened.page.getByRole('button', { name: 'Remove the filter Group gone' }).click();
    await untilNames(opened, ['A-1', 'A-2', 'B-1']);
    await opened.close(/422/);
  });
});

const HEADER = 'tpeId,idTms,tms,model,site,version,tags';
const GOOD = `${HEADER}\n51f2a7c0-6f0b-4a53-9d0c-6a3f0a4b9c02,N-1,alpha,A920,Nice-1,4.1.0,\n`;
const csv = (text: string, name = 'fleet.csv'): { name: string; mimeType: string; buffer: Buffer } => ({
  name,
  mimeType: 'text/csv',
  buffer: Buffer.from(text),
});

describe('an import', () => {
  test('of a chosen file says what will happen, does it, and shows it', async () => {
    const opened = await openFleet();
    const { page } = opened;
    await page.getByText('No terminal yet').waitFor();
    await page.keyboard.press('i');
    const dialog = page.getByRole('dialog', { name: 'Import terminals' });
    await dialog.getByLabel('Choose a CSV file').setInputFiles(csv(GOOD));
    await dialog.getByText(/^Those that are known by their tpeId are updated/).waitFor();
    await dialog.getByRole('button', { name: 'Import', exact: true }).click();
    await dialog.getByText('1 terminal is imported').waitFor();
    await dialog.getByText('1 new, 0 changed, 0 as they were').waitFor();
    await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
    await untilNames(opened, ['N-1']);
    await opened.close();
  });

  test('with bad lines imports nothing, names each of them, and gives a report', async () => {
    const opened = await openFleet();
    const { page } = opened;
    await page.getByRole('button', { name: 'Import terminals' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Import terminals' });
    const bad = `${GOOD}nope,N-2,alpha,A920,Nice-1,4 1,\nx,y\n`;
    await dialog.getByLabel('Choose a CSV file').setInputFiles(csv(bad, 'november.csv'));
    await dialog.getByRole('button', { name: 'Import', exact: true }).click();
    await dialog.getByText('november.csv has 3 faults').waitFor();
    await dialog.getByText(/^Nothing was imported/).waitFor();
    const rows = await dialog.getByRole('row').allInnerTexts();
    expect(rows.slice(1).map((row) => row.split('\t').slice(0, 2))).toEqual([
      ['3', 'tpeId'],
      ['3', 'version'],
      ['4', '–'],
    ]);
    await opened.expectAccessible();
    await opened.picture('fleet-import');
    const download = page.waitForEvent('download');
    await dialog.getByRole('button', { name: 'Save the report' }).click();
    const report = await readFile(await (await download).path(), 'utf8');
    expect(report.split('\r\n').slice(0, 2)).toEqual(['line,column,message', '3,tpeId,must be a UUID']);
    expect((await api.rows('SELECT count(*)::integer AS count FROM tpe'))[0].count).toBe(0);
    await dialog.getByRole('button', { name: 'Choose the corrected file' }).click();
    await dialog.getByLabel('Choose a CSV file').waitFor();
    await opened.close(/422/);
  });

  test('that fails otherwise is told with what to do, and can be tried again', async () => {
    const opened = await openFleet();
    const { page } = opened;
    const sent: string[] = [];
    await page.route('**/api/v1/tpes/import', async (route) => {
      sent.push(route.request().headers()['content-type'] ?? '');
      if (sent.length > 1) return route.continue();
      const problem = {
        type: '/problems/import-conflict',
        title: 'x',
        status: 409,
        detail: 'Another import changed the same terminals at the same time.',
        instance: '/api/v1/tpes/import',
        correlationId: 'c-1',
      };
      return route.fulfill({ status: 409, contentType: 'application/problem+json', json: problem });
    });
    await page.getByRole('button', { name: 'Import terminals' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Import terminals' });
    await dialog.getByLabel('Choose a CSV file').setInputFiles(csv(GOOD));
    await dialog.getByRole('button', { name: 'Import', exact: true }).dblclick();
    await dialog.getByRole('alert').getByText('c-1').waitFor();
    expect(sent).toEqual(['text/csv']);
    await dialog.getByRole('button', { name: 'Try again' }).click();
    await dialog.getByText('1 terminal is imported').waitFor();
    await opened.close(/409/);
  });

  test('that is stopped before all is sent imports nothing, says so, and can be sent after all', async () => {
    const opened = await openFleet();
    const { page } = opened;
    // Held for good: nothing of it reaches the API.
    await page.route('**/api/v1/tpes/import', () => new Promise(() => undefined));
    await page.getByRole('button', { name: 'Import terminals' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Import terminals' });
    await dialog.getByLabel('Choose a CSV file').setInputFiles(csv(GOOD));
    await dialog.getByRole('button', { name: 'Import', exact: true }).click();
    await dialog.getByText('0% is sent').waitFor();
    await dialog.getByRole('button', { name: 'Stop' }).click();
    await dialog.getByText('Stopped before all was sent: nothing was imported.').waitFor();
    expect((await api.rows('SELECT count(*)::integer AS count FROM tpe'))[0].count).toBe(0);
    await page.unroute('**/api/v1/tpes/import');
    await dialog.getByRole('button', { name: 'Import', exact: true }).click();
    await dialog.getByText('1 terminal is imported').waitFor();
    await opened.close();
  });

  test('that the API has all of can not be stopped any more: what came of it is told', async () => {
    const opened = await openFleet();
    const { page } = opened;
    const lock = await api.pool.connect();
    try {
      await lock.query('BEGIN; LOCK TABLE tpe IN ACCESS EXCLUSIVE MODE');
      await page.getByRole('button', { name: 'Import terminals' }).first().click();
      const dialog = page.getByRole('dialog', { name: 'Import terminals' });
      await dialog.getByLabel('Choose a CSV file').setInputFiles(csv(GOOD));
      await dialog.getByRole('button', { name: 'Import', exact: true }).click();
      await dialog.getByText('All is sent. It is checked and imported…').waitFor();
      expect(await dialog.getByRole('button', { name: 'Stop' }).isDisabled()).toBe(true);
      await lock.query('COMMIT');
      await dialog.getByText('1 terminal is imported').waitFor();
    } finally {
      lock.release(true);
    }
    await opened.close();
  });

  test('takes a file that is dropped', async () => {
    const opened = await openFleet();
    const { page } = opened;
    await page.getByRole('button', { name: 'Import terminals' }).first().click();
    const files = await page.evaluateHandle((text) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], 'dropped.csv', { type: 'text/csv' }));
      return transfer;
    }, GOOD);
    await page
      .getByText('Drop a CSV file here, or choose one')
      .dispatchEvent('drop', { dataTransfer: files });
    await page.getByText('dropped.csv').waitFor();
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
    await plantFleet(api.pool, 4_000);
    await api.send('groups/pilots', { method: 'PUT', json: { rule: 'tag "pilot"' } });
    const opened = await openFleet('?model=A920', options);
    await opened.page.locator('[data-facet=site]').nth(4).waitFor();
    await opened.page.getByText(/100 termina(ls|ux) (of|sur) 1.715/).waitFor();
    // A phone makes its window wider where the page is: only the real width tells.
    const { width } = opened.page.viewportSize() ?? { width: 0 };
    expect(await opened.page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    if (options.size !== 'tablet') await opened.picture(`fleet-${name}`);
    await opened.expectAccessible();
    await opened.expectNoSideways();
    await opened.close();
  });

  test('can use the dialog of an import', async () => {
    const opened = await openFleet('', { size: 'phone', scheme: 'dark' });
    await opened.page.getByRole('button', { name: 'Import terminals' }).first().click();
    await opened.page.getByText('Drop a CSV file here, or choose one').waitFor();
    await opened.expectAccessible();
    await opened.expectNoSideways();
    await opened.close();
  });
});
