import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LetterDesk } from './letter-desk.ts';
import type { Answer, Json } from './test-api.ts';

let desk: LetterDesk;
beforeAll(async () => {
  desk = await LetterDesk.create();
});
beforeEach(() => desk.clear());
afterAll(() => desk.close());

describe('many dead letters', () => {
  test('are replayed in the order in which they failed; those that can not be are named', async () => {
    const at = (second: number): string => `2026-11-21T10:00:${String(second).padStart(2, '0')}Z`;
    const [late, early] = [await desk.letter({ failedAt: at(9) }), await desk.letter({ failedAt: at(1) })];
    const [cut, done, absent] = [await desk.letter({ truncatedBytes: 9 }), await desk.letter(), randomUUID()];
    await desk.replay(done);
    await desk.api.pool.query('TRUNCATE outbox');
    const { status, body } = await desk.api.send('dlq/replay', {
      json: { ids: [late, cut, early, absent, done, early], by: 'anna', reason: 'fixed' },
    });
    expect([status, body.replayed, body.skippedCount]).toEqual([200, 2, 3]);
    const whys = body.skipped.map(({ id, why }: Json) => [id, why]);
    expect(new Map(whys)).toEqual(
      new Map([
        [absent, 'not-found'],
        [done, 'settled'],
        [cut, 'truncated'],
      ]),
    );
    expect((await desk.outbox()).map(({ headers }) => headers.dlq_replay_of)).toEqual([early, late]);
    const [, ...decided] = await desk.events();
    expect(decided.map(({ actor, reason, data }) => [actor, reason, data.deadLetterId])).toEqual([
      ['anna', 'fixed', early],
      ['anna', 'fixed', late],
    ]);
  });

  test('are selected by a filter, of which only the open ones are meant', async () => {
    const wanted = [
      await desk.letter({ error: 'UNKNOWN_TERMINAL' }),
      await desk.letter({ error: 'UNKNOWN_TERMINAL' }),
    ];
    await desk.letter();
    const discarded = await desk.letter({ error: 'UNKNOWN_TERMINAL' });
    await desk.api.send(`dlq/${discarded}/discard`, { json: { reason: 'noise' } });
    const json = { filter: { error: 'UNKNOWN_TERMINAL' }, reason: 'imported' };
    expect((await desk.api.send('dlq/replay', { json })).body).toEqual({
      replayed: 2,
      skippedCount: 0,
      skipped: [],
      nextCursor: null,
    });
    expect(new Set((await desk.outbox()).map(({ headers }) => headers.dlq_replay_of))).toEqual(
      new Set(wanted),
    );
    expect((await desk.api.send('dlq/discard', { json: { filter: {}, reason: 'rest' } })).body).toEqual({
      discarded: 1,
      skippedCount: 0,
      skipped: [],
      nextCursor: null,
    });
    expect((await desk.api.send('dlq/summary')).body.open).toBe(0);
  });

  const thousands = (count: number): Promise<unknown> =>
    desk.api.pool.query(
      `INSERT INTO dead_letter (dlq_id, topic, partition, "offset", key, value, headers, stage, error, reason, tries,
                                failed_at)
       SELECT n, 'tpe.update.command', CASE WHEN n % 5 > 0 THEN n % 5 END, CASE WHEN n % 5 > 0 THEN n END, 'k', 'v', '{}',
              'orders', 'E', 'r', 1, timestamptz '2026-11-21T10:00:00Z' + n % 3 * interval '1 microsecond'
       FROM generate_series(1, $1::integer) AS n`,
      [count],
    );

  test('are thousands: a filter is gone through request by request, without what comes meanwhile', async () => {
    await thousands(5_300);
    const ask = (cursor?: string): Promise<Answer> =>
      desk.api.send('dlq/replay', {
        json: { filter: { topic: 'tpe.update.command' }, cursor, reason: 'all' },
      });
    const first = await ask();
    expect(first.body).toMatchObject({ replayed: 5_000, skippedCount: 0, nextCursor: expect.any(String) });
    const again = await desk.letter({ failedAt: '2026-11-22T00:00:00Z' });
    const second = await ask(first.body.nextCursor);
    expect(second.body).toMatchObject({ replayed: 300, skippedCount: 0, nextCursor: null });
    expect((await desk.show(again)).state).toBe('OPEN');

    const replayed = (await desk.outbox()).map(({ headers }) => headers.dlq_replay_of);
    const inOrder = await desk.api.rows(
      `SELECT dead_letter_id AS id FROM dead_letter WHERE state = 'REPLAYED'
       ORDER BY failed_at, topic, partition NULLS FIRST, "offset", dead_letter_id`,
    );
    expect(replayed).toEqual(inOrder.map(({ id }) => id));
    expect(await desk.events()).toHaveLength(5_300);
    expect((await ask('bm8=')).body.type).toBe('/problems/invalid-parameters');
    const listed = await desk.api.send('dlq/replay', { json: { ids: [again], cursor: 'x', reason: 'x' } });
    expect(listed.body.errors).toEqual([{ pointer: '/cursor', message: 'goes with a filter' }]);
  });

  test('are decided about once each when two ask at once', async () => {
    await thousands(1_300);
    const ask = (): Promise<Answer> => desk.api.send('dlq/replay', { json: { filter: {}, reason: 'all' } });
    const answers = await Promise.all([ask(), ask()]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[0].body.replayed + answers[1].body.replayed).toBe(1_300);
    for (const { body } of answers) {
      expect(body.replayed + body.skippedCount).toBeLessThanOrEqual(1_300);
      expect(body.skipped.length).toBe(Math.min(body.skippedCount, 1_000));
    }
    const replayed = (await desk.outbox()).map(({ headers }) => headers.dlq_replay_of);
    expect([replayed.length, new Set(replayed).size]).toEqual([1_300, 1_300]);
    expect(await desk.events()).toHaveLength(1_300);
  });

  test.each([
    ['ids and a filter', { ids: [randomUUID()], filter: {} }],
    ['neither', {}],
  ])('need ids or a filter: %s is refused', async (_title, json) => {
    const { status, body } = await desk.api.send('dlq/replay', { json: { ...json, reason: 'x' } });
    expect([status, body.errors]).toEqual([
      422,
      [{ pointer: '', message: 'must have either ids or filter' }],
    ]);
  });

  test('need a reason, and are at most 1,000 where they are listed', async () => {
    const none = await desk.api.send('dlq/discard', { json: { filter: {} } });
    expect(none.body.errors).toEqual([{ pointer: '/reason', message: 'is required' }]);
    const ids = Array.from({ length: 1_001 }, () => randomUUID());
    const { body } = await desk.api.send('dlq/replay', { json: { ids, reason: 'x' } });
    expect(body.errors[0].message).toBe('must have at most 1000 letters');
  });
});
