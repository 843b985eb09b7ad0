import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { deadLetterPage } from '../../api/schemas/dead-letter.ts';
import { LetterDesk } from './letter-desk.ts';

/** A card number that nobody has, as networks publish them for tests. */
const CARD = '4111 1111 1111 1111';

let desk: LetterDesk;
beforeAll(async () => {
  desk = await LetterDesk.create();
});
beforeEach(() => desk.clear());
afterAll(() => desk.close());

describe('the list of dead letters', () => {
  test('has them newest first, page by page, those of the same moment too', async () => {
    const ids: string[] = [];
    for (const second of ['01', '02', '02', '02', '03']) {
      ids.push(await desk.letter({ failedAt: `2026-11-21T10:00:${second}.000001Z` }));
    }
    const pages: string[][] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query = `dlq?limit=2${cursor && `&cursor=${cursor}`}`;
      const page = deadLetterPage.parse((await desk.api.send(query)).body);
      pages.push(page.items.map(({ deadLetterId }) => deadLetterId));
      cursor = page.nextCursor;
    }
    const [first, ...rest] = ids as [string, ...string[]];
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
    expect(pages.flat()).toEqual([rest[3], ...rest.slice(0, 3).sort(), first]);
  });

  test('is filtered by state, topic, error, stage, key and time, all of which must be met', async () => {
    const wanted = await desk.letter({
      topic: 'tpe.update.status',
      error: 'MESSAGE_TOO_LARGE',
      stage: 'relay',
      key: 'c_1|t%1',
      partition: null,
      offset: null,
    });
    const other = await desk.letter({ key: 'cx1|t%1', failedAt: '2026-11-22T00:00:00Z' });
    await desk.api.send(`dlq/${other}/discard`, { json: { reason: 'noise' } });
    for (const query of [
      'state=OPEN',
      'topic=tpe.update.status',
      'error=MESSAGE_TOO_LARGE',
      'stage=relay',
      `key=${encodeURIComponent('c_1|t%1')}`,
      `key=${encodeURIComponent('c_*1')}`,
      'from=2026-11-21T10:00:00Z&to=2026-11-22T00:00:00Z',
      'state=OPEN&topic=tpe.update.status&stage=relay',
    ]) {
      const page = deadLetterPage.parse((await desk.api.send(`dlq?${query}`)).body);
      expect([query, page.items.map(({ deadLetterId }) => deadLetterId)]).toEqual([query, [wanted]]);
    }
    expect((await desk.api.send('dlq?topic=tpe.update.status&stage=orders')).body.items).toEqual([]);
    expect((await desk.api.send('dlq?state=LOST')).status).toBe(400);
    expect((await desk.api.send('dlq?from=yesterday')).body.errors[0].parameter).toBe('from');
  });

  test('shows the beginning of a long value, not through a character; the letter itself all of it', async () => {
    // Two bytes each, so that the bytes that are read for the list end within one.
    const value = `x${'é'.repeat(3_000)}`;
    const id = await desk.letter({ value });
    const [item] = (await desk.api.send('dlq')).body.items;
    expect(item.value).toMatchObject({ encoding: 'utf-8', bytes: 6_001, complete: false });
    expect(item.value.content).toBe(value.slice(0, item.value.content.length));
    expect(item.value.content.length).toBeGreaterThan(900);
    expect((await desk.show(id)).value).toEqual({
      encoding: 'utf-8',
      content: value,
      bytes: 6_001,
      complete: true,
    });
  });

  test('counts the open ones by error, topic and stage', async () => {
    await desk.letter();
    await desk.letter({ failedAt: '2026-11-21T12:00:00Z' });
    const done = await desk.letter();
    await desk.letter({ error: 'UNKNOWN_TERMINAL' });
    await desk.api.send(`dlq/${done}/discard`, { json: { reason: 'noise' } });
    expect((await desk.api.send('dlq/summary')).body).toEqual({
      open: 3,
      items: [
        {
          error: 'INVALID_MESSAGE',
          topic: 'tpe.update.command',
          stage: 'orders',
          count: 2,
          oldest: '2026-11-21T10:00:00.123Z',
          newest: '2026-11-21T12:00:00.000Z',
        },
        expect.objectContaining({ error: 'UNKNOWN_TERMINAL', count: 1 }),
      ],
    });
  });

  test('counts those of a filter, which a replay of it would be about', async () => {
    await desk.letter({ key: 'c-1|t-1' });
    await desk.letter({ key: 'c-1|t-2', error: 'UNKNOWN_TERMINAL' });
    await desk.letter({ key: 'c-2|t-3', failedAt: '2026-11-22T00:00:00Z' });
    for (const [query, open] of [
      ['key=c-1*', 2],
      ['key=c-1*&error=UNKNOWN_TERMINAL', 1],
      ['from=2026-11-22T00:00:00Z', 1],
      ['topic=tpe.update.status', 0],
    ] as const) {
      expect([query, (await desk.api.send(`dlq/summary?${query}`)).body.open]).toEqual([query, open]);
    }
    expect((await desk.api.send('dlq/summary?state=OPEN')).status).toBe(400);
  });
});

describe('a dead letter', () => {
  test('is shown with where it was, why it failed and what it was', async () => {
    const id = await desk.letter({ key: 'k-1', value: 'grüße' });
    expect(await desk.show(id)).toEqual({
      deadLetterId: id,
      topic: 'tpe.update.command',
      partition: 7,
      offset: 42,
      key: { encoding: 'utf-8', content: 'k-1', bytes: 3, complete: true },
      value: { encoding: 'utf-8', content: 'grüße', bytes: 7, complete: true },
      headers: { ce_type: 'tpe.update.ordered', ce_id: 'e-1', 'content-type': 'application/json' },
      stage: 'orders',
      error: 'INVALID_MESSAGE',
      reason: 'a is not known',
      tries: 3,
      truncatedBytes: null,
      failedAt: '2026-11-21T10:00:00.123Z',
      receivedAt: expect.any(String),
      state: 'OPEN',
      decidedBy: null,
      decidedAt: null,
      decisionReason: null,
      masked: false,
      links: { self: `/api/v1/dlq/${id}` },
    });
  });

  test('that is not text is shown in base64; what is absent, as null', async () => {
    const bytes = Buffer.from([0xff, 0x00, 0x31]);
    const binary = await desk.show(await desk.letter({ key: bytes, value: bytes }));
    expect(binary.value).toEqual({ encoding: 'base64', content: '/wAx', bytes: 3, complete: true });
    expect(binary.key.encoding).toBe('base64');
    expect(
      await desk.show(await desk.letter({ key: null, value: null, partition: null, offset: null })),
    ).toMatchObject({
      key: null,
      value: null,
      partition: null,
      offset: null,
    });
  });

  test('has card numbers masked wherever they are, in text and in other bytes', async () => {
    const id = await desk.letter({
      key: `k ${CARD}`,
      value: `{"pan":"${CARD}"}`,
      headers: { note: CARD },
      reason: `no such ${CARD}`,
    });
    const latin1 = await desk.letter({ value: Buffer.from(`é ${CARD}`, 'latin1') });
    const end = await desk.letter({ value: `${'x'.repeat(1_990)} ${CARD} ${'y'.repeat(500)}` });
    const kept = await desk.letter({
      value: `${'x'.repeat(200)} ${CARD.slice(0, 16)}`,
      truncatedBytes: 11_000_000,
    });
    const all = JSON.stringify([
      await desk.show(id),
      await desk.show(latin1),
      (await desk.api.send('dlq')).body,
    ]);
    expect(all).not.toMatch(/4111|MTEx/);
    expect(await desk.show(id)).toMatchObject({
      masked: true,
      value: { content: '{"pan":"[card number removed]"}' },
      headers: { note: '[card number removed]' },
    });
    const { encoding, content } = (await desk.show(latin1)).value;
    expect([encoding, Buffer.from(content, 'base64').toString('latin1')]).toEqual([
      'base64',
      'é [card number removed]',
    ]);
    expect((await desk.show(end)).value.content).toContain('[card number removed] yyy');
    // A number whose rest was not kept is not shown either.
    expect((await desk.show(kept)).value).toMatchObject({ complete: false, bytes: 11_000_000 });
    expect((await desk.show(kept)).value.content).not.toContain('4111');
  });

  test('that is not there is not found, whatever is asked of it', async () => {
    const id = randomUUID();
    const answers = [
      await desk.api.send(`dlq/${id}`),
      await desk.replay(id),
      await desk.api.send(`dlq/${id}/discard`, { json: { reason: 'x' } }),
    ];
    expect(answers.map(({ status, body }) => [status, body.type])).toEqual(
      answers.map(() => [404, '/problems/not-found']),
    );
    expect((await desk.api.send('dlq/7')).status).toBe(400);
  });
});
