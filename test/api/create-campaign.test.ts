import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { campaignCreated, campaignDetail } from '../../api/schemas/campaign.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/names.ts';
import { TestApi } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
beforeEach(() => api.clear());
afterAll(() => api.close());

const versions = async (campaignId: string): Promise<string[]> =>
  (
    await api.rows(`SELECT from_version FROM campaign_tpe WHERE campaign_id = $1 ORDER BY 1`, [campaignId])
  ).map(({ from_version }) => from_version);

describe('a campaign that is asked for', () => {
  test('is created with its terminals, answered with its links, and its workflow is started', async () => {
    await api.fleet([{}, {}, { tms: 'beta' }]);
    const { status, body, headers } = await api.create({ targetVersion: '4.2.0', targets: { all: true } });

    expect(status).toBe(201);
    expect(campaignCreated.parse(body)).toMatchObject({
      name: 'Update to 4.2.0',
      status: 'SCHEDULED',
      targetVersion: '4.2.0',
      targets: 3,
    });
    expect(headers.get('location')).toBe(`/api/v1/campaigns/${body.campaignId}`);
    const described = await api.temporal.workflow.getHandle(`campaign-${body.campaignId}`).describe();
    expect(described.type).toBe('campaign');
    expect(described.taskQueue).toBe('campaigns');
    expect(described.searchAttributes).toMatchObject({
      CampaignId: [body.campaignId],
      TargetVersion: ['4.2.0'],
      UpdateStatus: ['SCHEDULED'],
    });
    expect(SEARCH_ATTRIBUTES).toEqual(expect.arrayContaining(Object.keys(described.searchAttributes)));
    expect(await described.staticSummary()).toBe('Update to 4.2.0 · 3 terminals → 4.2.0');
  });

  test('can be read with its counts, its policy with every default, and who asked', async () => {
    await api.fleet([{}, { version: '4.2.0' }]);
    const created = await api.create(
      { name: 'pilot', targetVersion: '4.2.0', targets: { all: true } },
      { 'x-actor': 'ops@bank', 'x-correlation-id': 'ticket-4711' },
    );
    const { body } = await api.send(`campaigns/${created.body.campaignId}`);

    expect(campaignDetail.parse(body)).toMatchObject({
      name: 'pilot',
      total: 2,
      counts: { PENDING: 1, SKIPPED: 1 },
      final: 1,
      percentFinal: 50,
      createdBy: 'ops@bank',
      correlationId: 'ticket-4711',
      targets: { all: true },
      lastCommand: null,
      policy: {
        polling: [
          { everySeconds: 300, attempts: 12 },
          { everySeconds: 900, attempts: 12 },
          { everySeconds: 3600, attempts: 24 },
        ],
        deadlineSeconds: 86_400,
        progressEverySeconds: 5,
      },
    });
  });

  test('takes another schedule, by name or window by window', async () => {
    await api.fleet([{ model: 'A' }, { model: 'B' }]);
    const policyOf = async (model: string, policy: unknown): Promise<unknown> => {
      const created = await api.create({ targetVersion: '5', targets: { filter: { model } }, policy });
      return (await api.send(`campaigns/${created.body.campaignId}`)).body.policy;
    };

    expect(await policyOf('A', { polling: { schedule: 'by-age' }, deadlineSeconds: 90 })).toMatchObject({
      polling: [{ attempts: 12 }, { attempts: 20 }, { attempts: 18 }],
      deadlineSeconds: 90,
    });
    const windows = [{ everySeconds: 0.5, attempts: 3 }];
    expect(await policyOf('B', { polling: { windows }, progressEverySeconds: 0.2 })).toMatchObject({
      polling: windows,
      deadlineSeconds: 86_400,
      progressEverySeconds: 0.2,
    });
  });

  test('counts its terminals per TMS, in the order of the list', async () => {
    const ids = await api.fleet([{}, { tms: 'beta' }, {}, { tms: 'beta' }, {}]);
    const listed = ids.toReversed();
    const campaignId = await api.campaign({ tpeIds: listed.map((id) => id.toUpperCase()) });

    const rows = await api.rows(
      `SELECT tpe_id, tms, ordinal, status, attempt FROM campaign_tpe WHERE campaign_id = $1 ORDER BY tms, ordinal`,
      [campaignId],
    );
    const expected = ['alpha', 'beta'].flatMap((tms) =>
      listed
        .filter((id) => (ids.indexOf(id) % 2 === 1) === (tms === 'beta'))
        .map((id, ordinal) => ({ tpe_id: id, tms, ordinal, status: 'PENDING', attempt: 1 })),
    );
    expect(rows).toEqual(expected);
  });

  test('skips terminals that are there already or inactive, and announces just these', async () => {
    const [there, inactive, due] = await api.fleet([{ version: '4.2.0', idTms: 'X' }, { active: false }, {}]);
    const { body } = await api.create({ targetVersion: '4.2.0', targets: { all: true }, createdBy: 'me' });
    const { campaignId } = body;

    const rows = await api.rows('SELECT tpe_id, status, reason, sequence FROM campaign_tpe');
    expect(rows).toHaveLength(3);
    expect(rows).toEqual(
      expect.arrayContaining([
        { tpe_id: there, status: 'SKIPPED', reason: 'already-there', sequence: 1 },
        { tpe_id: inactive, status: 'SKIPPED', reason: 'inactive', sequence: 1 },
        { tpe_id: due, status: 'PENDING', reason: null, sequence: 0 },
      ]),
    );
    const outbox = await api.rows('SELECT topic, key, type, data FROM outbox');
    expect(new Set(outbox.map(({ key }) => key))).toEqual(
      new Set([`${campaignId}|${there}`, `${campaignId}|${inactive}`]),
    );
    expect(outbox).toHaveLength(2);
    expect(outbox.find(({ key }) => key.endsWith(there))).toMatchObject({
      topic: 'test.tpe.update.status',
      type: 'tpe.update.status.changed',
      data: {
        campaignId,
        tpeId: there,
        idTms: 'X',
        tms: 'alpha',
        model: 'A920',
        site: 'Lyon-1',
        status: 'SKIPPED',
        reason: 'already-there',
        final: true,
        attempt: 1,
        previousVersion: '4.2.0',
        targetVersion: '4.2.0',
        version: '4.2.0',
        sequence: 1,
        occurredAt: expect.stringMatching(/^\d{4}-/),
      },
    });
    const events = await api.rows('SELECT type, tpe_id, actor FROM event ORDER BY seq');
    expect(events[0]).toEqual({ type: 'campaign.created', tpe_id: null, actor: 'me' });
    expect(events.slice(1).map(({ type }) => type)).toEqual(['tpe.skipped', 'tpe.skipped']);
  });

  test('keeps the correlation id and the trace context of the request on itself and its events', async () => {
    await api.fleet([{ version: '9.0.0' }]);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const headers = { traceparent, 'x-correlation-id': 'c-1' };
    const answer = await api.create({ targetVersion: '9.0.0', targets: { all: true } }, headers);

    expect(answer.headers.get('x-correlation-id')).toBe('c-1');
    for (const table of ['campaign', 'event', 'outbox']) {
      const rows = await api.rows(`SELECT correlation_id, traceparent FROM ${table}`);
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) expect(row).toEqual({ correlation_id: 'c-1', traceparent });
    }
  });

  test('is created also while Temporal is away: it stays SCHEDULED', async () => {
    const away = await TestApi.create({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
    try {
      await away.fleet([{}]);
      const { status, body } = await away.create({ targetVersion: '5.0.0', targets: { all: true } });
      expect(status).toBe(201);
      expect((await away.send(`campaigns/${body.campaignId}`)).body.status).toBe('SCHEDULED');
    } finally {
      await away.close();
    }
  });
});

describe('a filter', () => {
  test('selects the terminals that meet all its conditions', async () => {
    const [wanted] = await api.fleet([
      { model: 'A', site: 'x' },
      { model: 'A', site: 'y' },
      { model: 'B', site: 'x' },
      { model: 'A', site: 'x', tms: 'beta' },
    ]);
    const campaignId = await api.campaign({ filter: { model: 'A', site: 'x', tms: 'alpha' } });
    const rows = await api.rows('SELECT tpe_id FROM campaign_tpe WHERE campaign_id = $1', [campaignId]);
    expect(rows).toEqual([{ tpe_id: wanted }]);
  });

  test('by version compares numbers, not letters', async () => {
    await api.fleet(
      ['4.9', '4.10', '4.10.0', '4.10.0-rc1', '4.10.1', '4.2.0', '10.0', 'beta', null].map((version) => ({
        version,
      })),
    );
    const campaignId = await api.campaign({ filter: { versionBelow: '4.10.0' } });
    expect(await versions(campaignId)).toEqual(['4.10.0-rc1', '4.2.0', '4.9'].sort());
  });
});

describe('nothing is created', () => {
  async function expectRefused(json: unknown, status: number, problem: unknown): Promise<void> {
    const answer = await api.create(json);
    expect(answer.body).toMatchObject(problem as object);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await api.rows('SELECT 1 FROM event')).toEqual([]);
  }

  test.each([
    ['an unknown field', { extra: 1 }, '/extra', 'is not known here'],
    [
      'an unknown field deep inside',
      { policy: { polling: { schedule: 'standard', shedule: 'x' } } },
      '/policy/polling/shedule',
      'is not known here',
    ],
    ['a bad UUID', { targets: { tpeIds: ['nope'] } }, '/targets/tpeIds/0', 'must be a UUID'],
    ['no terminals', { targets: { tpeIds: [] } }, '/targets/tpeIds', 'must name at least one terminal'],
    ['no targets', { targets: undefined }, '/targets', 'is required'],
    [
      'two kinds of targets',
      { targets: { all: true, filter: { model: 'A' } } },
      '/targets',
      'must have exactly one of tpeIds, all, filter, rule, group',
    ],
    ['a filter without conditions', { targets: { filter: {} } }, '/targets/filter', /at least one condition/],
    [
      'a version that has no order',
      { targets: { filter: { versionBelow: 'x' } } },
      '/targets/filter/versionBelow',
      /dotted numbers/,
    ],
    ['a version with blanks', { targetVersion: '4 2' }, '/targetVersion', /must be a version/],
    ['a deadline of no time', { policy: { deadlineSeconds: 0 } }, '/policy/deadlineSeconds', />=1/],
    [
      'a window that looks too often',
      { policy: { polling: { windows: [{ everySeconds: 0.1, attempts: 1 }] } } },
      '/policy/polling/windows/0/everySeconds',
      />=0.2/,
    ],
    ['a slash in a field name', { 'a/b~': 1 }, '/a~1b~0', 'is not known here'],
  ])('for a request with %s', async (_title, change, pointer, message) => {
    await api.fleet([{}]);
    await expectRefused({ targetVersion: '5.0.0', targets: { all: true }, ...change }, 422, {
      type: '/problems/validation-failed',
      errors: [{ pointer, message: message instanceof RegExp ? expect.stringMatching(message) : message }],
    });
  });

  test('for a request in which every fault is named', async () => {
    await expectRefused({ targets: { tpeIds: ['a', randomUUID(), 'b'] }, x: 1 }, 422, {
      errors: [
        { pointer: '/targetVersion', message: 'is required' },
        { pointer: '/targets/tpeIds/0', message: 'must be a UUID' },
        { pointer: '/targets/tpeIds/2', message: 'must be a UUID' },
        { pointer: '/x', message: 'is not known here' },
      ],
    });
  });

  test('for a list that names a terminal twice', async () => {
    const [id = ''] = await api.fleet([{}]);
    await expectRefused({ targetVersion: '5', targets: { tpeIds: [id, id.toUpperCase()] } }, 422, {
      errors: [{ pointer: '/targets/tpeIds/1', message: 'is the same terminal as number 0 of the list' }],
    });
  });

  test('for terminals that are not in the fleet', async () => {
    const [known] = await api.fleet([{}]);
    const unknown = randomUUID();
    await expectRefused({ targetVersion: '5', targets: { tpeIds: [known, unknown] } }, 422, {
      type: '/problems/unknown-terminals',
      count: 1,
      errors: [{ pointer: '/targets/tpeIds/1', message: `${unknown} is not in the fleet` }],
    });
  });

  test('for targets that select nothing', async () => {
    await expectRefused({ targetVersion: '5', targets: { all: true } }, 422, {
      type: '/problems/empty-targets',
      errors: [{ pointer: '/targets' }],
    });
  });

  test('for listed terminals of a TMS that is not configured', async () => {
    const [, gamma] = await api.fleet([{}, { tms: 'gamma' }]);
    await expectRefused({ targetVersion: '5', targets: { tpeIds: [gamma] } }, 422, {
      type: '/problems/tms-not-configured',
      errors: [{ pointer: '/targets/tpeIds/0', message: expect.stringContaining('gamma') }],
    });
  });
});

describe('a second campaign over terminals that are still being updated', () => {
  test('is refused, names them and their campaign, and writes nothing', async () => {
    const [a, b, c] = await api.fleet([{}, {}, {}]);
    const first = await api.campaign({ tpeIds: [a, b] });
    const before = await api.rows('SELECT (SELECT count(*) FROM event) e, (SELECT count(*) FROM campaign) c');

    const { status, body } = await api.create({ targetVersion: '5', targets: { tpeIds: [c, b] } });
    expect(status).toBe(409);
    expect(body).toMatchObject({
      type: '/problems/terminals-busy',
      count: 1,
      busy: [{ tpeId: b, campaignId: first }],
      errors: [{ pointer: '/targets/tpeIds/1', message: expect.stringContaining(first) }],
    });
    expect(
      await api.rows('SELECT (SELECT count(*) FROM event) e, (SELECT count(*) FROM campaign) c'),
    ).toEqual(before);
  });

  test('is possible once they are final', async () => {
    await api.fleet([{}]);
    const first = await api.campaign();
    await api.pool.query(`UPDATE campaign_tpe SET status = 'SUCCESS' WHERE campaign_id = $1`, [first]);
    expect((await api.create({ targetVersion: '5', targets: { all: true } })).status).toBe(201);
  });

  test('has one winner when ten ask at once, in whatever order they list the terminals', async () => {
    const ids = await api.fleet(Array.from({ length: 60 }, () => ({})));
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        api.create({ targetVersion: '5', targets: { tpeIds: n % 2 ? ids : ids.toReversed() } }),
      ),
    );
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
      201,
      ...Array.from({ length: 9 }, () => 409),
    ]);
    expect(await api.rows('SELECT count(*)::int FROM campaign_tpe')).toEqual([{ count: 60 }]);
  });
});

describe('an idempotency key', () => {
  const request = { targetVersion: '5.0.0', targets: { all: true } };

  test('gives a repeated request the first answer again and creates nothing', async () => {
    await api.fleet([{}]);
    const first = await api.create(request, { 'idempotency-key': 'k' });
    // Another order of the fields is the same request.
    const again = await api.create(
      { targets: { all: true }, targetVersion: '5.0.0' },
      { 'idempotency-key': 'k' },
    );

    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect([first, again].map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([null, 'true']);
    expect(await api.rows('SELECT count(*)::int FROM campaign')).toEqual([{ count: 1 }]);
  });

  test('is refused for another body', async () => {
    await api.fleet([{}]);
    await api.create(request, { 'idempotency-key': 'k' });
    const { status, body } = await api.create({ ...request, name: 'other' }, { 'idempotency-key': 'k' });
    expect(status).toBe(422);
    expect(body).toMatchObject({
      type: '/problems/idempotency-key-reused',
      errors: [{ header: 'Idempotency-Key' }],
    });
  });

  test('makes one campaign of ten requests at once', async () => {
    await api.fleet(Array.from({ length: 20 }, () => ({})));
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => api.create(request, { 'idempotency-key': 'k' })),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    expect(new Set(answers.map(({ body }) => body.campaignId)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === null)).toHaveLength(1);
  });

  test('is free again after a request that was refused', async () => {
    expect((await api.create(request, { 'idempotency-key': 'k' })).status).toBe(422);
    await api.fleet([{}]);
    expect((await api.create(request, { 'idempotency-key': 'k' })).status).toBe(201);
  });

  test('that is no key is refused', async () => {
    const { status, body } = await api.create(request, { 'idempotency-key': 'two words' });
    expect(status).toBe(400);
    expect(body.errors).toEqual([
      { header: 'idempotency-key', message: expect.stringContaining('without spaces') },
    ]);
  });
});
