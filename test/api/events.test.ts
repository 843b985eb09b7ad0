import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { auditHead, foundEventPage, timelinePage } from '../../api/schemas/event.ts';
import { GENESIS } from '../../audit/chain.ts';
import { searchEvents } from '../../db/event-search.ts';
import { EventDesk, monthOf } from './event-desk.ts';
import type { Json } from './test-api.ts';

let desk: EventDesk;
beforeAll(async () => {
  desk = await EventDesk.create();
});
beforeEach(() => desk.clear());
afterAll(() => desk.close());

async function idsOf(query: string): Promise<string[]> {
  const { body } = await desk.api.send(`events?${query}`);
  return foundEventPage.parse(body).items.map(({ eventId }) => eventId);
}

async function pagesOf(path: string): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { body }: Json = await desk.api.send(`${path}${cursor && `&cursor=${cursor}`}`);
    pages.push(body.items.map(({ eventId }: Json) => eventId));
    cursor = body.nextCursor;
  }
  return pages;
}

describe('the search for events', () => {
  test('has them newest first or oldest first, page by page, those of one moment too', async () => {
    const at = '2026-11-25T10:00:00.000001Z';
    const first = await desk.write(...Array.from({ length: 5 }, () => ({ at: monthOf(0) + at.slice(7) })));
    const ids = [...first, ...(await desk.write({}, {}))];
    expect(await pagesOf('events?limit=3&order=asc')).toEqual([
      ids.slice(0, 3),
      ids.slice(3, 6),
      ids.slice(6),
    ]);
    const turned = ids.toReversed();
    expect(await pagesOf('events?limit=3')).toEqual([
      turned.slice(0, 3),
      turned.slice(3, 6),
      turned.slice(6),
    ]);
    expect((await pagesOf('events?limit=7')).length).toBe(1);
  });

  test('is filtered by campaign, terminal, actor, type, correlation id and time, all of which must be met', async () => {
    const [campaignId, tpeId] = [randomUUID(), randomUUID()];
    const [wanted] = await desk.write({
      campaignId,
      tpeId,
      actor: 'anna',
      type: 'tpe.failed',
      correlationId: 'req-1',
      at: `${monthOf(1)}-10T00:00:00Z`,
    });
    await desk.write(
      { campaignId: randomUUID(), tpeId: randomUUID(), type: 'tpe_failed' },
      { type: 'campaign.created' },
    );
    for (const query of [
      `campaignId=${campaignId.toUpperCase()}`,
      `tpeId=${tpeId}`,
      'actor=anna',
      'type=tpe.failed',
      'type=tpe.*',
      'correlationId=req-1',
      `from=${monthOf(1)}-10T00:00:00Z&to=${monthOf(1)}-10T00:00:00.000001Z`,
      `from=${monthOf(1)}-10T01:00:00.0%2B01:00`,
      `actor=anna&type=tpe.f*&tpeId=${tpeId}&campaignId=${campaignId}&correlationId=req-1`,
    ]) {
      expect([query, await idsOf(query)]).toEqual([query, [wanted]]);
    }
    expect(await idsOf('actor=anna&type=campaign.*')).toEqual([]);
    expect(await idsOf(`to=${monthOf(1)}-10T00:00:00Z&actor=anna`)).toEqual([]);
    expect(await idsOf('type=*')).toHaveLength(3);
  });

  test('tells campaign, trace and the place in the chain, which is null while it is not sealed', async () => {
    const campaignId = randomUUID();
    await desk.write({ campaignId, data: { a: 1 }, reason: 'storm' });
    await desk.seal();
    await desk.write({});
    const { items } = foundEventPage.parse((await desk.api.send('events')).body);
    expect(items[0]).toMatchObject({ position: null, hash: null });
    const [record] = await desk.exported();
    expect(items[1]).toMatchObject({
      campaignId,
      position: 1,
      hash: record?.hash,
      data: { a: 1 },
      reason: 'storm',
    });
  });

  test.each([
    ['from=yesterday', 'from'],
    ['from=0000-01-01T00:00:00Z', 'from'],
    ['to=2026-11-01T00:00:00%2B23:00', 'to'],
    ['type=t*pe', 'type'],
    ['type=', 'type'],
    ['actor=a%00b', 'actor'],
    ['tpeId=5', 'tpeId'],
    ['order=up', 'order'],
    ['limit=501', 'limit'],
    ['status=FAILED', 'status'],
  ])('refuses %s', async (query, parameter) => {
    const { status, body } = await desk.api.send(`events?${query}`);
    expect([status, body.errors[0].parameter]).toEqual([400, parameter]);
  });

  test('does not follow a cursor in the other direction', async () => {
    await desk.write({}, {});
    const { nextCursor } = (await desk.api.send('events?limit=1')).body;
    expect((await desk.api.send(`events?limit=1&cursor=${nextCursor}`)).status).toBe(200);
    const { status, body } = await desk.api.send(`events?limit=1&order=asc&cursor=${nextCursor}`);
    expect([status, body.errors[0].parameter]).toEqual([400, 'cursor']);
  });

  test('does not look into months that the times leave out', async () => {
    const asked: { text: string; values: unknown[] }[] = [];
    const spy = {
      query: (statement: string, values: unknown[]) => {
        asked.push({ text: statement, values });
        return desk.api.pool.query(statement, values);
      },
    } as unknown as typeof desk.api.pool;
    const [from, to] = [`${monthOf(1)}-01T00:00:00Z`, `${monthOf(2)}-01T00:00:00Z`];
    await searchEvents(spy, { from, to }, { order: 'desc', limit: 10 });
    const [{ text: statement, values } = { text: '', values: [] }] = asked;
    const plan = JSON.stringify(await desk.api.rows(`EXPLAIN ${statement}`, values));
    const months = [0, 1, 2].map((ahead) => `event_${monthOf(ahead).replace('-', '_')} `);
    expect(months.map((month) => plan.includes(`on ${month}`))).toEqual([false, true, false]);
  });
});

describe('the timeline of a terminal', () => {
  test('has its events of all campaigns and of none, newest first, page by page', async () => {
    const [tpeId, other] = (await desk.api.fleet([{}, {}])) as [string, string];
    const campaignId = await desk.api.campaign({ tpeIds: [tpeId] }, '4.2.0');
    const ids = await desk.write(
      { tpeId, campaignId },
      { tpeId: other },
      { tpeId, type: 'tpe.observed' },
      { tpeId },
    );
    const path = `tpes/${tpeId}/events?limit=2`;
    expect(await pagesOf(path)).toEqual([[ids[3], ids[2]], [ids[0]]]);
    const { items } = timelinePage.parse((await desk.api.send(`tpes/${tpeId}/events`)).body);
    expect(items.map(({ campaignName, targetVersion }) => [campaignName, targetVersion])).toEqual([
      [null, null],
      [null, null],
      ['Update to 4.2.0', '4.2.0'],
    ]);
  });

  test('is empty for a terminal that nothing has happened to, and not found for no terminal', async () => {
    const [tpeId] = await desk.api.fleet([{}]);
    expect((await desk.api.send(`tpes/${tpeId}/events`)).body).toEqual({ items: [], nextCursor: null });
    expect((await desk.api.send(`tpes/${randomUUID()}/events`)).status).toBe(404);
  });
});

test('the end of the chain tells what is sealed and what waits', async () => {
  expect(auditHead.parse((await desk.api.send('audit/head')).body)).toEqual({
    position: 0,
    hash: GENESIS,
    sealedAt: null,
    unsealed: 0,
    lagSeconds: 0,
  });
  await desk.write({}, {});
  await desk.seal();
  await desk.write({ at: new Date().toISOString() });
  const head = auditHead.parse((await desk.api.send('audit/head')).body);
  expect(head).toMatchObject({ position: 2, hash: (await desk.exported())[1]?.hash, unsealed: 1 });
  expect(head.sealedAt).not.toBeNull();
});
