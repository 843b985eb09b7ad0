import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { replayDeadLetters } from '../../db/dead-letter-decisions.ts';
import { START_TIMEOUT_MS } from '../support/stack.ts';
import type { TopicRecord } from '../../events/consume.ts';
import { Rig, until } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.create();
}, START_TIMEOUT_MS);
afterAll(() => rig.close());

const decision = { actor: 'anna', reason: 'fixed', correlationId: null, traceparent: null };

async function letter(
  key: Buffer | null,
  value: Buffer | null,
  headers: Record<string, string>,
): Promise<string> {
  const { rows } = await rig.db.query<{ id: string }>(
    `INSERT INTO dead_letter (dlq_id, topic, key, value, headers, stage, error, reason, tries, failed_at)
     VALUES ($1, 'tpe.update.command', $2, $3, $4, 'orders', 'E', 'r', 1, clock_timestamp())
     RETURNING dead_letter_id AS id`,
    [randomUUID(), key, value, headers],
  );
  const [row] = rows;
  if (!row) throw new Error('no letter');
  return row.id;
}

test('what is replayed is on its topic again, byte by byte, in order, with its own headers and no other', async () => {
  const key = Buffer.from('k-1');
  const binary = Buffer.from([0xff, 0x00, 0xc3, 0x28]);
  const first = await letter(key, binary, { 'X-Own': 'grüße' });
  const tombstone = await letter(key, null, { ce_id: 'e-2' });
  const edited = await letter(key, binary, { ce_id: 'e-3', 'Content-Type': 'text/plain' });
  const keyless = await letter(null, Buffer.from('{}'), {});
  const { topicPrefix } = rig.config.kafka;
  const ids = [first, tombstone, keyless];
  expect(await replayDeadLetters(rig.db, ids, decision, topicPrefix)).toEqual([]);
  const edit = { value: Buffer.from('{"a":1}'), headers: { 'content-type': 'application/json' } };
  expect(await replayDeadLetters(rig.db, [edited], decision, topicPrefix, edit)).toEqual([]);

  await rig.startRelay();
  // The end of a transaction reaches the partitions a moment after the relay knows of it, and a busy broker may not
  // lead all partitions of new topics yet.
  let records: TopicRecord[] = [];
  await until(async () => {
    records = await rig.records('tpe.update.command').catch(() => []);
    return records.length >= 4;
  });
  expect(records).toHaveLength(4);
  const ofKey = records.filter((record) => record.key === 'k-1');
  expect(ofKey.map(({ value, headers }) => [value, headers])).toEqual([
    [binary, { 'x-own': 'grüße', dlq_replay_of: first }],
    [null, { ce_id: 'e-2', dlq_replay_of: tombstone }],
    [Buffer.from('{"a":1}'), { ce_id: 'e-3', 'content-type': 'application/json', dlq_replay_of: edited }],
  ]);
  const others = records.filter((record) => record.key !== 'k-1');
  expect(others.map(({ value, headers }) => [String(value), headers])).toEqual([
    ['{}', { dlq_replay_of: keyless }],
  ]);
});
