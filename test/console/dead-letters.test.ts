import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CONSOLE_FOLDER } from '../../api/console.ts';
import { LetterDesk } from '../api/letter-desk.ts';
import { until } from '../api/test-api.ts';
import { BROWSER_TIMEOUT_MS, TestBrowser, type OpenOptions, type OpenPage } from './browser.ts';

let desk: LetterDesk;
let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.start();
  desk = await LetterDesk.create(CONSOLE_FOLDER);
}, BROWSER_TIMEOUT_MS);
beforeEach(() => desk.clear());
afterAll(async () => {
  await browser?.close();
  await desk?.close();
});

const ORDER =
  '{"campaignId":"9d3c2b54-3f0e-4f1c-8a57-2d1f6c1f7e01","tpeId":"51f2a7c0-6f0b-4a53-9d0c-6a3f0a4b9c02","n":12345678901234567890}';

/** The page as soon as it shows what there is. */
async function openLetters(search = '', options: OpenOptions = { actor: 'anna' }): Promise<OpenPage> {
  const opened = await browser.open(`${desk.api.url}/dead-letters${search}`, options);
  await opened.page.locator('table, pre, [class*=empty]').first().waitFor();
  return opened;
}

const keys = ({ page }: OpenPage): Promise<string[]> => page.locator('[data-letter] code').allTextContents();

/** Posts that the page has sent, as the last parts of their paths. */
function posts({ page }: OpenPage): string[] {
  const sent: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST')
      sent.push(new URL(request.url()).pathname.replace(/^\/api\/v1\/dlq\//, ''));
  });
  return sent;
}

describe('the list of dead letters', () => {
  test('has what is open by error, and shows the letters of one kind', async () => {
    await desk.letter({ key: 'a' });
    await desk.letter({ key: 'b', failedAt: '2026-11-21T11:00:00Z' });
    await desk.letter({ key: 'c', topic: 'tpe.update.status', stage: 'relay', error: 'MESSAGE_TOO_LARGE' });
    const opened = await openLetters();
    const { page } = opened;
    expect(await keys(opened)).toEqual(['b', ...(await keys(opened)).slice(1)]);
    expect(await page.locator('dl').first().innerText()).toMatch(/Open\s*3[^]*Different errors\s*2/);
    const kind = page.getByRole('button', { name: /^1.*MESSAGE_TOO_LARGE.*tpe\.update\.status · relay/ });
    await kind.click();
    await until(async () => (await keys(opened)).join() === 'c');
    expect(new URL(page.url()).search).toBe('?error=MESSAGE_TOO_LARGE&topic=tpe.update.status&stage=relay');
    await page.reload();
    await until(async () => (await keys(opened)).join() === 'c');
    await kind.click();
    await until(async () => (await keys(opened)).length === 3);
    await opened.close();
  });

  test('is narrowed by key, state and time', async () => {
    await desk.letter({ key: 'c-1|t-1' });
    await desk.letter({ key: 'c-2|t-2', failedAt: '2026-11-02T10:00:00Z' });
    const done = await desk.letter({ key: 'c-1|t-3' });
    await desk.discard(done);
    const opened = await openLetters();
    const { page } = opened;
    await page.getByRole('searchbox', { name: 'Key' }).fill('c-1|*');
    await until(async () => (await keys(opened)).join() === 'c-1|t-1');
    await page.getByRole('button', { name: 'Discarded' }).click();
    await until(async () => (await keys(opened)).join() === 'c-1|t-3');
    await page.getByRole('button', { name: 'Clear the filter' }).click();
    await page.getByRole('combobox', { name: 'Time of failure' }).selectOption('Between …');
    await page.getByLabel('To (not included)').fill('2026-11-03T00:00');
    await until(async () => (await keys(opened)).join() === 'c-2|t-2');
    await opened.close();
  });

  test('says so where nothing is open', async () => {
    const opened = await openLetters();
    await opened.page.getByText('Everything that came could be published and handled.').waitFor();
    await opened.close();
  });
});

describe('one letter', () => {
  test('is shown with all of its value, and is replayed once, under the name of who did it', async () => {
    const id = await desk.letter({ value: ORDER });
    const opened = await openLetters('?error=INVALID_MESSAGE', {});
    const sent = posts(opened);
    const { page } = opened;
    await page.getByRole('link', { name: 'INVALID_MESSAGE' }).click();
    await page.getByText('"n": 12345678901234567890').waitFor();
    expect(await page.locator('main').innerText()).toMatch(
      /a is not known[^]*orders · Tries: 3[^]*partition 7, offset 42[^]*ce_type\s*tpe\.update\.ordered/,
    );
    await page.getByRole('button', { name: 'Replay', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Replay this letter?' });
    await dialog.getByText('1 message is published again on tpe.update.command.').waitFor();
    await dialog.getByText('Its key, value and headers are as they were received.').waitFor();
    await dialog.getByRole('textbox', { name: /Your name/ }).fill('Zoë');
    await dialog.getByRole('textbox', { name: /Reason/ }).fill('the terminal is known now');
    await dialog.getByRole('button', { name: 'Replay letter' }).dblclick();
    await page.getByText(/Replayed by Zoë/).waitFor();
    await page.getByText('the terminal is known now').waitFor();
    expect(await page.getByRole('button', { name: 'Replay', exact: true }).count()).toBe(0);
    expect(sent).toEqual([`${id}/replay`]);
    expect((await desk.outbox()).map(({ raw_value }) => raw_value.toString())).toEqual([ORDER]);
    await page.getByRole('link', { name: 'Back to the list' }).click();
    await page.getByText('No dead letter meets this filter').waitFor();
    expect(new URL(page.url()).search).toBe('?error=INVALID_MESSAGE');
    await opened.close();
  });

  test('is corrected before it is replayed: what is no JSON is told where it is wrong', async () => {
    const id = await desk.letter({ value: ORDER });
    const opened = await openLetters(`?letter=${id}`);
    const { page } = opened;
    await page.getByRole('button', { name: 'Edit key, value and headers' }).click();
    const value = page.getByRole('textbox', { name: 'Value to publish' });
    const text = await value.inputValue();
    await value.fill(`${text.slice(0, -2)},\n  oops\n}`);
    await page.getByText('This is not valid JSON: line 5, column 3.').waitFor();
    expect(await page.getByRole('button', { name: 'Replay', exact: true }).isDisabled()).toBe(true);
    await value.fill(`${text.slice(0, -2)},\n  "targetVersion": "4.2.0"\n}`);
    await page.getByRole('textbox', { name: 'Key to publish under' }).fill('till-12');
    await page.getByRole('button', { name: 'Remove content-type' }).click();
    await page.getByRole('textbox', { name: 'Value of ce_id' }).fill('till-4712');
    await page.getByRole('button', { name: 'Add a header' }).click();
    await page.getByRole('textbox', { name: 'Name of a header' }).last().fill('dlq_mine');
    await page.getByText(/not dlq_/).waitFor();
    await page.getByRole('textbox', { name: 'Name of a header' }).last().fill('x-note');
    await page.getByRole('textbox', { name: 'Value of x-note' }).fill('by hand');
    await opened.expectAccessible();
    await page.getByRole('button', { name: 'Replay with the changes' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Its key is the edited one: till-12').waitFor();
    await dialog.getByText('Headers set: ce_id, x-note.').waitFor();
    await dialog.getByText('Headers removed: content-type.').waitFor();
    await dialog.getByRole('button', { name: 'Replay letter' }).click();
    await page.getByText(/Replayed by anna/).waitFor();
    const [row] = await desk.outbox();
    expect(row.raw_key.toString()).toBe('till-12');
    expect(row.raw_value.toString()).toBe(`${ORDER.slice(0, -1)},"targetVersion":"4.2.0"}`);
    expect(row.headers).toEqual({
      ce_type: 'tpe.update.ordered',
      ce_id: 'till-4712',
      'x-note': 'by hand',
      dlq_replay_of: id,
    });
    await opened.close();
  });

  test('that can not be published says why in words, and takes another value', async () => {
    const id = await desk.letter({ value: '{"a":"beginn', truncatedBytes: 11_000_000 });
    const opened = await openLetters(`?letter=${id}`);
    const { page } = opened;
    await page.getByText(/^Only the beginning of 11,000,000 bytes was kept/).waitFor();
    await page.getByRole('button', { name: 'Replay', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Replay letter' }).click();
    const notice = dialog.getByRole('alert');
    await notice.getByText('Only the beginning of its value was kept: give it another value.').waitFor();
    expect(await notice.innerText()).toMatch(/can not be published like this[^]*Correlation id/);
    await dialog.getByRole('button', { name: 'Back' }).click();
    await page.getByRole('button', { name: 'Edit key, value and headers' }).click();
    const value = page.getByRole('textbox', { name: 'Value to publish' });
    // A card number that nobody has, as networks publish them for tests.
    await value.fill('{"pan": "4111 1111 1111 1111"}');
    await page.getByRole('button', { name: 'Replay with the changes' }).click();
    await dialog.getByRole('button', { name: 'Replay letter' }).click();
    await notice.getByText('/edit/value', { exact: true }).waitFor();
    await dialog.getByRole('button', { name: 'Back' }).click();
    await page.getByText('has what looks like a card number in it: it must not be published').waitFor();
    expect(await desk.outbox()).toEqual([]);
    await value.fill('{"a": 1}');
    await page.getByRole('button', { name: 'Replay with the changes' }).click();
    await dialog.getByRole('button', { name: 'Replay letter' }).click();
    await page.getByText(/Replayed by anna/).waitFor();
    expect((await desk.outbox()).map(({ raw_value }) => raw_value.toString())).toEqual(['{"a":1}']);
    await opened.close(/422/);
  });

  test('that somebody else has decided about meanwhile is told', async () => {
    const id = await desk.letter();
    const opened = await openLetters(`?letter=${id}`);
    const { page } = opened;
    await page.getByRole('button', { name: 'Discard' }).click();
    const dialog = page.getByRole('dialog', { name: 'Discard this letter?' });
    await desk.discard(id, { by: 'luc', reason: 'noise' });
    await dialog.getByRole('textbox', { name: /Reason/ }).fill('noise');
    await dialog.getByRole('button', { name: 'Discard letter' }).click();
    await dialog
      .getByRole('alert')
      .getByText(/was discarded by luc already/)
      .waitFor();
    await dialog.getByRole('button', { name: 'Back' }).click();
    await page.getByText(/Discarded by luc/).waitFor();
    await opened.close(/409/);
  });
});

describe('many letters', () => {
  test('that are selected are discarded, with a reason', async () => {
    await desk.letter({ key: 'a' });
    await desk.letter({ key: 'b' });
    await desk.letter({ key: 'c' });
    const opened = await openLetters();
    const sent = posts(opened);
    const { page } = opened;
    await page.getByRole('checkbox', { name: /, a$/ }).check();
    await page.getByRole('checkbox', { name: /, c$/ }).check();
    await page.getByText('2 selected').waitFor();
    await page.getByRole('button', { name: 'Discard selected' }).click();
    const dialog = page.getByRole('dialog', { name: 'Discard 2 letters?' });
    await dialog.getByRole('button', { name: 'Discard 2 letters' }).click();
    await dialog.getByText('Give a reason.').waitFor();
    await dialog.getByRole('textbox', { name: /Reason/ }).fill('noise');
    await dialog.getByRole('button', { name: 'Discard 2 letters' }).click();
    await page.getByRole('status').getByText('2 letters discarded').waitFor();
    await until(async () => (await keys(opened)).join() === 'b');
    expect(sent).toEqual(['discard']);
    await opened.close();
  });

  test('that meet the filter are replayed; what could not be is named with why', async () => {
    for (const key of ['c-1|a', 'c-1|b', 'c-2|c']) await desk.letter({ key });
    const cut = await desk.letter({ key: 'c-1|cut', truncatedBytes: 11_000_000 });
    const opened = await openLetters('?key=c-1*');
    const sent = posts(opened);
    const { page } = opened;
    await page.getByText('3 open letters meet the filter').waitFor();
    await page.getByRole('button', { name: 'Replay all of them' }).click();
    const dialog = page.getByRole('dialog', { name: 'Replay 3 letters?' });
    await dialog.getByText('3 messages are published again on tpe.update.command.').waitFor();
    await opened.expectAccessible();
    await dialog.getByRole('textbox', { name: /Reason/ }).fill('the consumer is repaired');
    await dialog.getByRole('button', { name: 'Replay 3 letters' }).dblclick();
    const outcome = page.getByRole('region', { name: 'What came of it' });
    await outcome.getByText('2 letters replayed').waitFor();
    expect(await outcome.innerText()).toMatch(/, 1 skipped[^]*Only the beginning of its value was kept/);
    await until(async () => (await keys(opened)).join() === 'c-1|cut');
    expect(sent).toEqual(['replay']);
    expect(new Set((await desk.outbox()).map(({ key }) => key))).toEqual(new Set(['c-1|a', 'c-1|b']));
    await outcome.getByRole('link', { name: cut.slice(0, 8) }).click();
    await page.getByText(/^Only the beginning of 11,000,000 bytes was kept/).waitFor();
    await opened.close();
  });
});

/** As after a bad afternoon. */
async function writeAfternoon(): Promise<void> {
  const ids = '9d3c2b54-3f0e-4f1c-8a57-2d1f6c1f7e01|51f2a7c0-6f0b-4a53-9d0c-6a3f0a4b9c0';
  for (let n = 0; n < 6; n++) {
    await desk.letter({
      key: ids + n,
      value: ORDER,
      reason: 'targetVersion: Invalid input: expected string, received undefined',
      failedAt: `2026-11-27T1${n}:00:00Z`,
    });
  }
  await desk.letter({
    key: `${ids}8`,
    topic: 'tpe.update.status',
    stage: 'relay',
    error: 'MESSAGE_TOO_LARGE',
    reason: 'The request included a message larger than the max message size the server will accept',
    partition: null,
    offset: null,
  });
  await desk.letter({
    key: `${ids}9`,
    error: 'UNKNOWN_TERMINAL',
    reason: 'Terminal 51f2a7c0-6f0b-4a53-9d0c-6a3f0a4b9c09 is not in the fleet',
  });
}

describe('everybody', () => {
  test('goes through the letters by the keyboard alone', async () => {
    await desk.letter({ key: 'a', failedAt: '2026-11-21T12:00:00Z' });
    await desk.letter({ key: 'b', failedAt: '2026-11-21T11:00:00Z' });
    const opened = await openLetters();
    const { page } = opened;
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.getByText('1 selected').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Dead letter: INVALID_MESSAGE' }).waitFor();
    await page.keyboard.press('u');
    await page.locator('[data-letter]').first().waitFor();
    await until(async () =>
      (await page.evaluate(() => document.activeElement?.closest('tr')?.textContent ?? '')).includes('b'),
    );
    await opened.close();
  });

  const views: [string, OpenOptions][] = [
    ['light', { actor: 'anna.moreau@bank' }],
    ['dark', { scheme: 'dark', actor: 'anna.moreau@bank' }],
    ['tablet', { size: 'tablet' }],
    ['phone', { size: 'phone', locale: 'fr', actor: 'anna.moreau@bank' }],
  ];
  test.each(views)('can use it: %s', async (name, options) => {
    await writeAfternoon();
    const opened = await openLetters('', options);
    const { page } = opened;
    await page.getByRole('checkbox').nth(2).check();
    await opened.expectAccessible();
    await opened.expectNoSideways();
    await page.evaluate(() => window.scrollTo(0, 0));
    if (name !== 'tablet') await opened.picture(`dead-letters-${name}`);
    await page.getByRole('link', { name: 'INVALID_MESSAGE' }).nth(3).click();
    await page.locator('pre').waitFor();
    await opened.expectAccessible();
    await opened.expectNoSideways();
    if (name === 'light') await opened.picture('dead-letter');
    await opened.close();
  });
});
