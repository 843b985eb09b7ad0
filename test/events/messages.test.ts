import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { dataSchemaUri, fromKafkaMessage, toKafkaMessage } from '../../events/cloud-event.ts';
import { dataSchema } from '../../events/json-schema.ts';
import { deadLetterHeadersSchema, headersSchema } from '../../events/message-headers.ts';
import { MESSAGES, messageOfType, parseData, parseMessage, schemaId } from '../../events/messages.ts';
import { faults } from './schema-faults.ts';

describe('docs/events.md', () => {
  test('has an example of every message, with all of its fields, that fits the schema', async () => {
    const text = await readFile(new URL('../../docs/events.md', import.meta.url), 'utf8');
    const examples = text.split(/^#+ /m).flatMap((section) => {
      const [heading = '', ...rest] = section.split('\n');
      const type = /^`[a-z.]+`, type `([a-z.]+)`$/.exec(heading)?.[1];
      const json = /^```json\n([\s\S]*?)^```$/m.exec(rest.join('\n'))?.[1];
      return type === undefined ? [] : [{ type, data: JSON.parse(json ?? 'null') as object }];
    });
    expect(examples.map(({ type }) => type).sort()).toEqual(MESSAGES.map(({ type }) => type).sort());
    for (const { type, data } of examples) {
      const message = messageOfType(type) ?? MESSAGES[0];
      expect([type, faults(dataSchema(message), data)]).toEqual([type, []]);
      expect([type, Object.keys(data)]).toEqual([type, Object.keys(message.schema.shape)]);
    }
  });

  test('names every header of every message', async () => {
    const text = await readFile(new URL('../../docs/events.md', import.meta.url), 'utf8');
    const { dlq_replay_of: _replay, ...deadLetterHeaders } = deadLetterHeadersSchema.shape;
    const headers = new Set(
      [...MESSAGES.map((message) => headersSchema(message).shape), deadLetterHeaders].flatMap(Object.keys),
    );
    expect(text).toContain('`dlq_replay_of`');
    expect([...headers].filter((name) => !text.includes(`| \`${name}\` `))).toEqual([]);
  });
});

describe('reading a message', () => {
  const read = (type: string, data: unknown): ReturnType<typeof fromKafkaMessage> => {
    const message = toKafkaMessage({
      eventId: randomUUID(),
      key: 'k',
      type,
      data: data === null ? null : JSON.stringify(data),
      occurredAt: '2026-11-21T10:46:22.123450Z',
      correlationId: null,
      traceparent: null,
    });
    const value = data === null ? null : Buffer.from(String(message.value));
    return fromKafkaMessage({ key: Buffer.from('k'), value, headers: message.headers });
  };
  const order = { campaignId: randomUUID(), tpeId: randomUUID(), targetVersion: '4.2.0' };

  test('gives the data by the type where a topic carries several', () => {
    const event = read('tpe.update.ordered', { ...order, later: true });
    expect(parseMessage('tpe.update.ordered', event)).toEqual({ ...order, joinable: true });
    expect(parseData('tpe.update.command', event)).toEqual({ ...order, joinable: true });
  });

  test('refuses another type, naming what is carried', () => {
    const event = read('tpe.update.ordered', order);
    expect(() => parseMessage('tpe.update.commanded', event)).toThrow(
      'Header ce_type is "tpe.update.ordered", wanted is "tpe.update.commanded".',
    );
    expect(() => parseData('tpe.update.status', event)).toThrow('carries "tpe.update.status.changed"');
    expect(() => parseData('tpe.update.command', read('other', order))).toThrow(
      'carries "tpe.update.commanded" or "tpe.update.ordered"',
    );
  });

  test('gives null for a tombstone, whatever its type', () => {
    expect(parseData('tpe.update.status', read('tpe.update.status.erased', null))).toBeNull();
    expect(parseMessage('tpe.version.observed', read('tpe.version.snapshot.erased', null))).toBeNull();
  });
});

test('the header names the schema under the id that it is published with', () => {
  for (const message of MESSAGES) expect(dataSchemaUri(message.type)).toBe(schemaId(message));
});
