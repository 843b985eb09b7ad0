import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LetterDesk } from './letter-desk.ts';

/** A card number that nobody has, as networks publish them for tests. */
const CARD = '4111 1111 1111 1111';

let desk: LetterDesk;
beforeAll(async () => {
  desk = await LetterDesk.create();
});
beforeEach(() => desk.clear());
afterAll(() => desk.close());

describe('a replay', () => {
  test('gives the relay the bytes as they were, on the lane of the key, and says who did it and why', async () => {
    const value = Buffer.from([0xff, 0x00]);
    const [campaignId, tpeId] = [randomUUID(), randomUUID()];
    const id = await desk.letter({ key: `${campaignId}|${tpeId}`, value });
    const { status, body } = await desk.replay(
      id,
      { reason: 'the terminal is known now' },
      { 'x-actor': 'anna', 'x-correlation-id': 'c-1' },
    );
    expect([status, body.state, body.decidedBy, body.decisionReason]).toEqual([
      200,
      'REPLAYED',
      'anna',
      'the terminal is known now',
    ]);
    expect(await desk.outbox()).toEqual([
      expect.objectContaining({
        topic: 'test.tpe.update.command',
        key: `${campaignId}|${tpeId}`,
        type: 'tpe.update.ordered',
        data: null,
        raw: true,
        raw_key: Buffer.from(`${campaignId}|${tpeId}`),
        raw_value: value,
        headers: {
          ce_type: 'tpe.update.ordered',
          ce_id: 'e-1',
          'content-type': 'application/json',
          dlq_replay_of: id,
        },
      }),
    ]);
    const key = `${campaignId}|${tpeId}`;
    expect(await desk.events()).toEqual([
      expect.objectContaining({
        type: 'dlq.replayed',
        campaign_id: campaignId,
        tpe_id: tpeId,
        actor: 'anna',
        reason: 'the terminal is known now',
        correlation_id: 'c-1',
        data: {
          deadLetterId: id,
          topic: 'tpe.update.command',
          stage: 'orders',
          error: 'INVALID_MESSAGE',
          key,
          edited: false,
        },
      }),
    ]);
  });

  test('of a message without a key, or with one that is no text, has the lane of its letter', async () => {
    const [none, binary] = [
      await desk.letter({ key: null }),
      await desk.letter({ key: Buffer.from([0x61, 0x00]) }),
    ];
    await desk.replay(none);
    await desk.replay(binary);
    expect((await desk.outbox()).map(({ key, raw_key }) => [key, raw_key])).toEqual([
      [none, null],
      [binary, Buffer.from([0x61, 0x00])],
    ]);
    expect((await desk.events()).map(({ actor, data }) => [actor, data.key])).toEqual([
      ['api', null],
      ['api', null],
    ]);
  });

  test('with an edit publishes other parts and keeps the rest', async () => {
    const id = await desk.letter({ headers: { A: '1', B: '2' } });
    const edit = { key: 'other', value: { b: [2] }, headers: { a: null, c: '3' } };
    expect((await desk.replay(id, { by: 'anna', edit })).status).toBe(200);
    const [row] = await desk.outbox();
    expect([row.key, row.raw_key.toString(), row.raw_value.toString()]).toEqual([
      'other',
      'other',
      '{"b":[2]}',
    ]);
    expect(row.headers).toEqual({ B: '2', c: '3', dlq_replay_of: id });
    expect((await desk.events())[0].data.edited).toBe(true);
    // What was received stays as it was.
    expect((await desk.show(id)).value.content).toBe('{"a":1}');

    await desk.replay(await desk.letter(), { edit: { value: ' as it is ' } });
    await desk.replay(await desk.letter(), { edit: { value: null, key: null } });
    const [, text, tombstone] = await desk.outbox();
    expect([text.raw_value.toString(), text.raw_key.toString()]).toEqual([' as it is ', 'k']);
    expect([tombstone.raw_value, tombstone.raw_key]).toEqual([null, null]);
  });

  test.each([
    ['the mask of a card number', { value: { pan: '[card number removed]' } }, '/edit/value'],
    ['a card number', { value: `pan ${CARD}` }, '/edit/value'],
    ['the mask of a secret in a header', { headers: { a: '[secret removed]' } }, '/edit/headers/a'],
    ["a header of the platform's own", { headers: { DLQ_topic: 'x' } }, '/edit/headers/DLQ_topic'],
    ['a part that there is not', { partition: 1 }, '/edit/partition'],
  ])('with %s in the edit is refused', async (_title, edit, pointer) => {
    const answer = await desk.replay(await desk.letter(), { edit });
    expect([answer.status, answer.body.errors[0].pointer]).toEqual([422, pointer]);
    expect(await desk.outbox()).toEqual([]);
  });

  test('is made once, by whoever is first of many at once', async () => {
    const id = await desk.letter();
    const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => desk.replay(id, { by: `person-${n}` })));
    const done = answers.filter(({ status }) => status === 200);
    expect(done).toHaveLength(1);
    const refused = answers.filter(({ status }) => status === 409);
    expect(refused).toHaveLength(4);
    expect(refused.map(({ body }) => [body.type, body.detail])).toEqual(
      refused.map(() => [
        '/problems/dead-letter-settled',
        `The letter was replayed by ${done[0]?.body.decidedBy} already.`,
      ]),
    );
    expect([(await desk.outbox()).length, (await desk.events()).length]).toEqual([1, 1]);
  });

  test('of a truncated letter needs another value', async () => {
    const id = await desk.letter({ truncatedBytes: 11_000_000 });
    const refused = await desk.replay(id);
    expect(refused).toMatchObject({
      status: 422,
      body: { type: '/problems/dead-letter-not-replayable', why: 'truncated' },
    });
    expect(refused.body.detail).toContain('11000000 bytes');
    expect((await desk.show(id)).state).toBe('OPEN');
    expect((await desk.replay(id, { edit: { value: {} } })).status).toBe(200);
  });

  test('of what an erasure has emptied is no tombstone by accident', async () => {
    const id = await desk.letter({ value: null, headers: {} });
    await desk.api.send(`dlq/${id}/discard`, { json: { reason: 'the terminal was erased' } });
    expect((await desk.replay(id)).body).toMatchObject({ status: 422, why: 'empty' });
    // One that was a tombstone has the headers of one.
    expect((await desk.replay(await desk.letter({ value: null }))).status).toBe(200);
  });

  test('of what the topic does not take is refused at once, as it was and edited', async () => {
    const large = 'x'.repeat(1_048_500);
    const id = await desk.letter({ value: large });
    expect((await desk.replay(id)).body).toMatchObject({ status: 422, why: 'too-large' });
    const still = await desk.replay(id, { edit: { value: `${large}${large}` } });
    expect(still.body.detail).toMatch(
      /^The message would have 2097\d{3} bytes; topic tpe.update.command takes 1048576\./,
    );
    expect((await desk.replay(id, { edit: { value: large.slice(0, 1_048_000) } })).status).toBe(200);
  });

  test.each([
    ['a topic that is not ours', { topic: 'other' }],
    ['the topic of the dead letters', { topic: 'tpe.events.dlq', stage: 'unknown', error: 'NO_DLQ_HEADERS' }],
  ])('to %s is refused', async (_title, given) => {
    expect((await desk.replay(await desk.letter(given))).body).toMatchObject({
      status: 422,
      why: 'no-topic',
    });
    expect(await desk.outbox()).toEqual([]);
  });
});

describe('a replay to a compacted topic', () => {
  let campaignId: string;
  let tpeId: string;
  beforeEach(async () => {
    [tpeId] = (await desk.api.fleet([{ version: '4.1.0' }])) as [string];
    campaignId = await desk.api.campaign();
    await desk.api.pool.query('UPDATE campaign_tpe SET sequence = 5');
    await desk.api.pool.query('TRUNCATE outbox');
  });

  const status = (sequence: string): Promise<string> =>
    desk.letter({
      topic: 'tpe.update.status',
      key: `${campaignId}|${tpeId}`,
      headers: { ce_type: 'tpe.update.status.changed', ce_sequence: sequence },
    });
  const version = (value: unknown): Promise<string> =>
    desk.letter({ topic: 'tpe.version.snapshot', key: tpeId, value: JSON.stringify(value) });

  test('never puts an old state after a newer one', async () => {
    const old = await desk.replay(await status('4'));
    expect(old.body).toMatchObject({ status: 422, why: 'out-of-date' });
    expect(old.body.detail).toContain('change 4 of its state, the last one is 5');
    expect((await desk.replay(await status('5'))).status).toBe(200);
    expect((await desk.outbox()).map(({ headers }) => headers.ce_sequence)).toEqual(['5']);
  });

  test('never puts an old version after a newer one', async () => {
    expect((await desk.replay(await version({ version: '4.0.0' }))).body).toMatchObject({
      why: 'out-of-date',
    });
    expect((await desk.replay(await version({ version: '4.1.0' }))).status).toBe(200);
    expect(await desk.outbox()).toHaveLength(1);
  });

  test('is possible for what can not be compared: keys and values that are none of ours', async () => {
    expect((await desk.replay(await version('4.0.0'))).status).toBe(200);
    const strange = await desk.letter({
      topic: 'tpe.update.status',
      key: 'k',
      headers: { ce_sequence: '1' },
    });
    expect((await desk.replay(strange)).status).toBe(200);
  });
});

describe('a discard', () => {
  test('takes a reason, is kept with the letter, and can still be replayed', async () => {
    const id = await desk.letter();
    expect((await desk.api.send(`dlq/${id}/discard`, { json: {} })).body.errors).toEqual([
      { pointer: '/reason', message: 'is required' },
    ]);
    const { body } = await desk.api.send(`dlq/${id}/discard`, {
      json: { by: 'anna', reason: 'a test of theirs' },
    });
    expect(body).toMatchObject({ state: 'DISCARDED', decidedBy: 'anna', decisionReason: 'a test of theirs' });
    const again = await desk.api.send(`dlq/${id}/discard`, { json: { reason: 'x' } });
    expect(again.body).toMatchObject({ status: 409, type: '/problems/dead-letter-settled' });
    expect(await desk.outbox()).toEqual([]);
    expect((await desk.replay(id)).body.state).toBe('REPLAYED');
    expect((await desk.events()).map(({ type }) => type)).toEqual(['dlq.discarded', 'dlq.replayed']);
  });
});
