import type { IHeaders } from 'kafkajs';
import { describe, expect, test } from 'vitest';
import type { OutboxRow } from '../../db/outbox.ts';
import { MessageError } from '../../events/cloud-event.ts';
import { receivedMessage } from '../../events/consumed-message.ts';
import type { ReceivedMessage } from '../../events/consumed-message.ts';
import { parseDeadLetter, strayLetter, toConsumedLetter, toDeadLetter } from '../../events/dead-letter.ts';

const config = { kafka: { brokers: [], topicPrefix: 'test.', replicationFactor: 1 } };
const cause = { code: 'WRONG', message: 'It is wrong.' };

function received(
  fields: { key?: Buffer | null; value?: Buffer | null; headers?: IHeaders } = {},
): ReceivedMessage {
  return receivedMessage('tpe.update.command', 7, {
    offset: '9007199254740000',
    key: Buffer.from('k'),
    value: Buffer.from('v'),
    headers: {},
    timestamp: '1700000000000',
    attributes: 0,
    ...fields,
  });
}

/** A letter as it comes back from Kafka: every header in bytes. */
function sent({ message }: ReturnType<typeof toDeadLetter>): ReceivedMessage {
  const bytes = (value: unknown): Buffer => Buffer.from(value as Buffer);
  const headers = Object.entries(message.headers).map(([name, value]) => [name, bytes(value)]);
  return received({
    key: message.key == null ? null : bytes(message.key),
    value: message.value === null ? null : bytes(message.value),
    headers: Object.fromEntries(headers) as IHeaders,
  });
}

describe('the dead letter', () => {
  test('of an outbox row names the row, the event and its topic without the prefix', () => {
    const row = {
      id: '4711',
      eventId: '0f0c9a1e-5a7b-4c39-9c5e-0b8a3f6d2c11',
      topic: 'test.tpe.update.status',
      key: 'c|t',
      data: '{"n":1}',
      type: 'tpe.update.status.changed',
      occurredAt: '2026-11-25T08:00:00.000000Z',
      correlationId: null,
      traceparent: null,
      headers: null,
    } as unknown as OutboxRow;
    const { topic, message } = toDeadLetter(config, row, cause, false);
    expect(topic).toBe('test.tpe.events.dlq');
    expect(message.headers).toMatchObject({
      ce_id: row.eventId,
      dlq_id: `relay:4711:${row.eventId}`,
      dlq_topic: 'tpe.update.status',
      dlq_stage: 'relay',
      dlq_tries: '1',
    });
    expect(message.headers).not.toHaveProperty('dlq_partition');
    expect(parseDeadLetter(sent({ topic, message }))).toMatchObject({
      topic: 'tpe.update.status',
      partition: null,
      offset: null,
      key: Buffer.from('c|t'),
      value: Buffer.from('{"n":1}'),
      stage: 'relay',
      error: 'WRONG',
      reason: 'It is wrong.',
      truncatedBytes: null,
    });
    const unknown = toDeadLetter(config, { ...row, topic: 'elsewhere' }, cause, false);
    expect(unknown.message.headers.dlq_topic).toBe('elsewhere');
  });

  test('of a consumed message is the message again, and where it was', () => {
    const original = received({
      key: Buffer.from([0xff, 0x00]),
      value: Buffer.from([0x00, 0xfe]),
      headers: { 'Content-Type': Buffer.from('application/json'), several: ['one', 'zwei ü'] },
    });
    const letter = toConsumedLetter(config, original, { cause, stage: 'orders', tries: 3 }, false);
    expect(letter.message).toMatchObject({ key: original.key, value: original.value });
    const parsed = parseDeadLetter(
      sent({
        ...letter,
        message: { ...letter.message, headers: { ...letter.message.headers, several: 'zwei ü' } },
      }),
    );
    expect(parsed).toEqual({
      dlqId: 'orders:tpe.update.command:7:9007199254740000',
      topic: 'tpe.update.command',
      partition: 7,
      offset: '9007199254740000',
      key: original.key,
      value: original.value,
      headers: { 'Content-Type': 'application/json', several: 'zwei ü' },
      stage: 'orders',
      error: 'WRONG',
      reason: 'It is wrong.',
      tries: 3,
      truncatedBytes: null,
      failedAt: expect.any(Date) as Date,
    });
    expect(Math.abs(Date.now() - parsed.failedAt.getTime())).toBeLessThan(60_000);
    expect(letter.message.headers.several).toEqual(['one', 'zwei ü']);
  });

  test('of a message that had died before says what it died of now, and which letter it comes from', () => {
    const original = received({
      headers: { dlq_replay_of: 'letter', dlq_error: 'OLD', DLQ_Truncated: '5', dlq_offset: '1', other: 'x' },
    });
    const letter = toConsumedLetter(config, original, { cause, stage: 'orders', tries: 1 }, false);
    expect(letter.message.headers).toMatchObject({ dlq_replay_of: 'letter', dlq_error: 'WRONG', other: 'x' });
    expect(letter.message.headers).not.toHaveProperty('DLQ_Truncated');
    expect(parseDeadLetter(sent(letter)).headers).toEqual({ dlq_replay_of: 'letter', other: 'x' });
  });

  test('may have the beginning of a value only, and then says how long it was', () => {
    const letter = toConsumedLetter(
      config,
      received({ value: Buffer.alloc(100_000, 'ü') }),
      { cause, stage: 'orders', tries: 1 },
      true,
    );
    const parsed = parseDeadLetter(sent(letter));
    expect(parsed.truncatedBytes).toBe(100_000);
    expect(parsed.value).toEqual(Buffer.alloc(65_536, 'ü'));
    const tombstone = toConsumedLetter(
      config,
      received({ value: null }),
      { cause, stage: 'orders', tries: 1 },
      true,
    );
    expect(tombstone.message.value).toBeNull();
    expect(tombstone.message.headers).not.toHaveProperty('dlq_truncated');
  });

  test('has a reason of at most 1,000 characters', () => {
    const long = { code: 'LONG', message: 'x'.repeat(5_000) };
    const letter = toConsumedLetter(config, received(), { cause: long, stage: 'orders', tries: 1 }, false);
    expect(letter.message.headers.dlq_reason).toBe('x'.repeat(1_000));
  });
});

describe('what is no dead letter', () => {
  const complete = { dlq_id: 'a', dlq_topic: 'b', dlq_error: 'c', dlq_stage: 'd' };
  test.each([
    ['has no headers', {}],
    ...Object.keys(complete).map((name) => [`lacks ${name}`, { ...complete, [name]: undefined }] as const),
    ['has an empty id', { ...complete, dlq_id: '' }],
    ['has an endless id', { ...complete, dlq_id: 'x'.repeat(501) }],
    ['has a partition that is none', { ...complete, dlq_partition: '-1' }],
    ['has a partition that no partition has', { ...complete, dlq_partition: '2147483648' }],
    ['has an offset that is none', { ...complete, dlq_offset: '1e3' }],
    ['has a time that is none', { ...complete, dlq_time: 'yesterday' }],
  ] as const)('is told from one: a message that %s', (_, headers) => {
    expect(() => parseDeadLetter(received({ headers }))).toThrow(MessageError);
  });

  test('is kept by where it was, with all that it has', () => {
    const stray = strayLetter(
      received({ headers: { 'x-a': 'text\0', dlq_error: 'odd' } }),
      'Header dlq_id is missing.',
    );
    expect(stray).toMatchObject({
      dlqId: 'unknown:tpe.update.command:7:9007199254740000',
      stage: 'unknown',
      error: 'NO_DLQ_HEADERS',
      headers: { 'x-a': 'text\uFFFD', dlq_error: 'odd' },
      failedAt: new Date(1_700_000_000_000),
    });
  });
});
