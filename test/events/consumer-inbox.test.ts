import { afterAll, beforeAll, expect, test } from 'vitest';
import { forgetInbox, takeIn } from '../../db/inbox.ts';
import { inTransaction } from '../../db/pool.ts';
import { Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.create();
});
afterAll(() => rig.close());

const event = (eventId: string, source = '/pos'): { source: string; eventId: string } => ({
  source,
  eventId,
});

test('an event is new once: in a list, and ever after', async () => {
  expect(await takeIn(rig.db, [])).toEqual([]);
  expect(await takeIn(rig.db, [event('a'), event('b'), event('a'), event('a', '/other')])).toEqual([
    true,
    true,
    false,
    true,
  ]);
  expect(await takeIn(rig.db, [event('c'), event('b')])).toEqual([true, false]);
});

test('work that is rolled back leaves its events new', async () => {
  const failing = inTransaction(rig.db, async (client) => {
    expect(await takeIn(client, [event('undone')])).toEqual([true]);
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(await takeIn(rig.db, [event('undone')])).toEqual([true]);
});

test('of transactions that take in the same events at once, in any order, one gets each', async () => {
  const events = Array.from({ length: 200 }, (_, n) => event(`race-${n}`));
  const answers = await Promise.all(
    [events, events.toReversed(), events, events.toReversed()].map((given) =>
      inTransaction(rig.db, async (client) => {
        const isNew = await takeIn(client, given);
        return given.filter((_, index) => isNew[index]).map(({ eventId }) => eventId);
      }),
    ),
  );
  expect(answers.flat().sort()).toEqual(events.map(({ eventId }) => eventId).sort());
});

test('what is older than so many days is forgotten, and nothing else', async () => {
  await rig.db.query('TRUNCATE inbox');
  await rig.db.query(
    `INSERT INTO inbox (source, event_id, received_at)
     SELECT '/pos', n::text, now() - CASE WHEN n <= 25000 THEN interval '31 days' ELSE interval '29 days' END
     FROM generate_series(1, 25100) AS n`,
  );
  expect(await forgetInbox(rig.db, 30)).toBe(25_000);
  expect(await rig.count('SELECT count(*) FROM inbox')).toBe(100);
});
