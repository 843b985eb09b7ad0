import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { tpeDetail } from '../../api/schemas/tpe.ts';
import { TestApi, type Answer } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
beforeEach(() => api.clear());
afterAll(() => api.close());

const HEADER = 'tpeId,idTms,tms,model,site,version,tags';
const [A, B, C, D] = [1, 2, 3, 4].map((n) => `00000000-0000-4000-8000-00000000000${n}`);

function load(...lines: string[]): Promise<Answer> {
  return api.send('tpes/import', { body: lines.join('\n'), headers: { 'content-type': 'text/csv' } });
}

const fleet = (): Promise<unknown[]> =>
  api.rows(
    'SELECT tpe_id AS id, id_tms, tms, model, site, version_courante AS version, tags FROM tpe ORDER BY 1',
  );

async function expectRefused(answer: Promise<Answer>, errors: unknown[]): Promise<void> {
  const before = await fleet();
  const { status, body } = await answer;
  expect(body).toMatchObject({ type: '/problems/import-refused', errorCount: errors.length, errors });
  expect(status).toBe(422);
  expect(await fleet()).toEqual(before);
}

describe('an import', () => {
  test('takes a file, and says what was new, changed and the same', async () => {
    const first = await load(
      HEADER,
      `${A},N1,alpha,A920,Lyon-1,4.1.0,pilot;vip`,
      `${B},N2,alpha,A920,"Lyon, 2",4.1.0,`,
    );
    expect(first).toMatchObject({
      status: 200,
      body: { imported: 2, inserted: 2, updated: 0, unchanged: 0 },
    });
    expect(await fleet()).toEqual([
      {
        id: A,
        id_tms: 'N1',
        tms: 'alpha',
        model: 'A920',
        site: 'Lyon-1',
        version: '4.1.0',
        tags: ['pilot', 'vip'],
      },
      { id: B, id_tms: 'N2', tms: 'alpha', model: 'A920', site: 'Lyon, 2', version: '4.1.0', tags: [] },
    ]);

    const second = await load(
      HEADER,
      `${A},N1,alpha,A920,Lyon-1,4.1.0,pilot;vip`,
      `${B},N2,alpha,A920,Nice-1,4.2.0,new`,
      `${C},N3,beta,A35,Nice-1,,`,
    );
    expect(second.body).toEqual({ imported: 3, inserted: 1, updated: 1, unchanged: 1 });
    expect((await fleet())[1]).toMatchObject({ site: 'Nice-1', version: '4.2.0', tags: ['new'] });
  });

  test('takes columns in any order, CRLF, a byte order mark and capital letters in UUIDs', async () => {
    const lines = [
      '\uFEFFsite,model,tms,idTms,tpeId',
      `Lyon-1,A920,alpha,N1,${randomUUID().toUpperCase()}`,
      '',
    ];
    const answer = await api.send('tpes/import', {
      body: lines.join('\r\n'),
      headers: { 'content-type': 'text/csv; charset=utf-8' },
    });
    expect(answer).toMatchObject({ status: 200, body: { imported: 1 } });
  });

  test('leaves the version and the tags of which the file says nothing', async () => {
    await load(HEADER, `${A},N1,alpha,A920,Lyon-1,4.1.0,pilot`);
    expect((await load(HEADER, `${A},N1,alpha,A920,Lyon-1,,pilot`)).body.unchanged).toBe(1);
    expect((await load('tpeId,idTms,tms,model,site', `${A},N1,alpha,A920,Lyon-1`)).body.unchanged).toBe(1);
    await load(HEADER, `${A},N1,alpha,A920,Lyon-1,,`);
    expect(await fleet()).toMatchObject([{ version: '4.1.0', tags: [] }]);
  });

  test('takes a file of 20,000 lines', async () => {
    const lines = Array.from({ length: 20_000 }, (_, n) => `${randomUUID()},N${n},alpha,A920,Lyon-1,4.1.0,`);
    expect((await load(HEADER, ...lines)).body.inserted).toBe(20_000);
  });
});

describe('an import with a fault imports nothing and names', () => {
  test('every bad line with its number and column', async () => {
    await expectRefused(
      load(
        HEADER,
        `${A},N1,alpha,A920,Lyon-1,4.1.0,`,
        `nope,,Alpha,A920,Lyon-1,4 1,`,
        '',
        `${B},N2,alpha,A920`,
        `${C},N3,alpha,A920,${'x'.repeat(101)},4.1.0,`,
      ),
      [
        { line: 3, column: 'tpeId', message: 'must be a UUID' },
        { line: 3, column: 'idTms', message: 'is empty' },
        { line: 3, column: 'tms', message: expect.stringContaining('lower-case') },
        { line: 3, column: 'version', message: expect.stringContaining('must be a version') },
        { line: 5, column: null, message: 'has 4 fields where the header has 7' },
        { line: 6, column: 'site', message: 'must have at most 100 characters' },
      ],
    );
  });

  test('terminals and ids that are there twice', async () => {
    const rest = 'alpha,A920,Lyon-1,4.1.0,';
    await expectRefused(
      load(HEADER, `${A},N1,${rest}`, `${A},N2,${rest}`, `${B},N1,${rest}`, `${C},N1,beta,A,L,,`),
      [
        { line: 3, column: 'tpeId', message: 'is the same as in line 2' },
        { line: 4, column: 'idTms', message: 'is the same as in line 2, of the same TMS' },
      ],
    );
  });

  test('ids that belong to another terminal of the fleet', async () => {
    await load(HEADER, `${A},N1,alpha,A920,Lyon-1,4.1.0,`);
    await expectRefused(load(HEADER, `${B},N1,alpha,A920,Lyon-1,4.1.0,`), [
      { line: 2, column: 'idTms', message: `is the id of terminal ${A} at the same TMS` },
    ]);
  });

  test('terminals that would change their TMS while a campaign updates them', async () => {
    await load(HEADER, `${A},N1,alpha,A920,Lyon-1,4.1.0,`, `${B},N2,alpha,A920,Lyon-1,4.1.0,`);
    const campaignId = await api.campaign();
    const message = `can not change while campaign ${campaignId} updates the terminal`;
    await expectRefused(load(HEADER, `${A},N1,beta,A920,Lyon-1,4.1.0,`, `${B},N9,alpha,A920,Lyon-1,4.1.0,`), [
      { line: 2, column: 'tms', message },
      { line: 3, column: 'idTms', message },
    ]);
    expect((await load(HEADER, `${A},N1,alpha,A920,Nice-7,4.1.0,`)).body.updated).toBe(1);
  });

  test.each([
    ['an empty file', '', [{ line: 1, column: null, message: 'the file is empty' }]],
    [
      'a file with a header only',
      HEADER,
      [{ line: 1, column: null, message: 'the file has no line after the header' }],
    ],
    [
      'columns that are unknown, twice or missing',
      'tpeId,idTms,tms,model,model,colour\n',
      [
        { line: 1, column: 'model', message: 'is there twice' },
        { line: 1, column: 'colour', message: expect.stringContaining('is no column') },
        { line: 1, column: 'site', message: 'is missing in the header' },
      ],
    ],
    [
      'a quote that is never closed',
      `${HEADER}\n${A},N1,alpha,A920,"Lyon,4.1.0,\n`,
      [
        {
          line: 2,
          column: null,
          message: expect.stringMatching(/^Quote Not Closed.*the rest of the file was not read$/),
        },
      ],
    ],
  ])('%s', async (_title, file, errors) => {
    await expectRefused(load(file), errors);
  });

  test('at most 1,000 faults, and the number of all', async () => {
    const { body } = await load(HEADER, ...Array.from({ length: 1_500 }, () => 'x,N,alpha,A920,Lyon-1,,'));
    expect(body.errors).toHaveLength(1_000);
    expect(body.errorCount).toBeGreaterThanOrEqual(1_500);
    expect(await fleet()).toEqual([]);
  });
});

test('a file whose upload is cut off is not imported', async () => {
  const cut = new AbortController();
  const lines = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(`${HEADER}\n${A},N1,alpha,A920,Lyon-1,4.1.0,\n`));
    },
  });
  const sent = fetch(`${api.url}/api/v1/tpes/import`, {
    method: 'POST',
    body: lines,
    duplex: 'half',
    headers: { 'content-type': 'text/csv' },
    signal: cut.signal,
  }).catch((error: Error) => error.name);
  const importing = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY import%'`;
  const busy = async (): Promise<boolean> => (await api.rows(importing + ` AND state <> 'idle'`)).length > 0;
  while (!(await busy()));
  cut.abort();
  expect(await sent).toBe('AbortError');
  while (await busy());
  expect(await fleet()).toEqual([]);
});

test('only CSV is taken', async () => {
  const answer = await api.send('tpes/import', { json: {} });
  expect(answer.body).toMatchObject({
    status: 415,
    errors: [{ header: 'Content-Type', message: 'must be text/csv' }],
  });
});

describe('the fleet', () => {
  test('is listed in pages and by every condition', async () => {
    await load(
      HEADER,
      `${A},N1,alpha,A920,Lyon-1,4.1.0,`,
      `${B},N2,alpha,A35,Lyon-1,4.1.0,`,
      `${C},N3,beta,A920,Nice-1,4.2.0,`,
    );
    const ids = async (query: string): Promise<string[]> =>
      (await api.send(`tpes?${query}`)).body.items.map(({ tpeId }: { tpeId: string }) => tpeId);
    expect(await ids('')).toEqual([A, B, C]);
    expect(await ids('model=A920')).toEqual([A, C]);
    expect(await ids('site=Lyon-1&model=A35')).toEqual([B]);
    expect(await ids('tms=beta')).toEqual([C]);
    expect(await ids('version=4.2.0')).toEqual([C]);
    const first = (await api.send('tpes?limit=2')).body;
    expect(await ids(`limit=2&cursor=${first.nextCursor}`)).toEqual([C]);
  });

  test('shows a terminal with its campaigns, newest first', async () => {
    await load(HEADER, `${A},N1,alpha,A920,Lyon-1,4.1.0,vip`);
    const first = await api.campaign({ all: true }, '5.0.0');
    await api.pool.query(`UPDATE campaign_tpe SET status = 'FAILED', reason = 'failed:x'`);
    const second = await api.campaign({ all: true }, '6.0.0');
    const { body } = await api.send(`tpes/${A}`);
    expect(tpeDetail.parse(body)).toMatchObject({
      tpeId: A,
      tags: ['vip'],
      version: '4.1.0',
      active: true,
      campaigns: [
        { campaignId: second, targetVersion: '6.0.0', status: 'PENDING' },
        { campaignId: first, targetVersion: '5.0.0', status: 'FAILED', reason: 'failed:x' },
      ],
    });
    expect((await api.send(`tpes/${D}`)).status).toBe(404);
  });
});
