import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MessageError, fromKafkaMessage, toKafkaMessage } from '../../events/cloud-event.ts';
import type { OutgoingEvent } from '../../events/cloud-event.ts';
import { parseData } from '../../events/messages.ts';

const event: OutgoingEvent = {
  eventId: '11111111-2222-4333-8444-555555555555',
  key: 'campaign|tpe',
  type: 'tpe.update.commanded',
  data: '{"a":1}',
  occurredAt: '2026-11-21T10:00:00.123456Z',
  correlationId: 'correlation-1',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};

/** What a consumer gets when the event was published. */
function received(from: OutgoingEvent, headers: Record<string, string | undefined> = {}) {
  const message = toKafkaMessage(from);
  const all = Object.entries({ ...message.headers, ...headers }).filter(([, value]) => value !== undefined);
  return {
    key: Buffer.from(String(message.key)),
    value: message.value === null ? null : Buffer.from(String(message.value)),
    headers: Object.fromEntries(all.map(([name, value]) => [name, Buffer.from(String(value))])),
  };
}

describe('an event', () => {
  test('comes back as it was published, whatever it carries', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 });
    const events = fc.record({
      eventId: fc.uuid(),
      key: text,
      type: text,
      data: fc.option(fc.json()),
      correlationId: fc.option(text),
      traceparent: fc.option(text),
    });
    fc.assert(
      fc.property(events, (given) => {
        expect(fromKafkaMessage(received({ ...event, ...given }))).toEqual({
          id: given.eventId,
          source: '/tpe-campaigns',
          type: given.type,
          time: event.occurredAt,
          subject: given.key,
          correlationId: given.correlationId,
          traceparent: given.traceparent,
          key: given.key,
          data: given.data === null ? null : JSON.parse(given.data),
        });
      }),
    );
  });

  test('that is a tombstone has no value and no content type', () => {
    const message = toKafkaMessage({ ...event, data: null });
    expect(message.value).toBeNull();
    expect(message.headers).not.toHaveProperty('content-type');
  });

  test('names the schema of its data and its key, and may have further headers that win', () => {
    expect(toKafkaMessage(event).headers).toMatchObject({
      ce_dataschema: '/schemas/tpe.update.commanded/1',
      ce_partitionkey: 'campaign|tpe',
      ce_subject: 'campaign|tpe',
    });
    const headers = { ce_sequence: '3', ce_subject: 'other' };
    expect(toKafkaMessage({ ...event, headers }).headers).toMatchObject({ ce_type: event.type, ...headers });
  });

  test.each([null, Buffer.from([0, 255])])('that is raw is published as it is (%s)', (bytes) => {
    const raw = { key: bytes, value: bytes };
    expect(toKafkaMessage({ ...event, raw, headers: { a: 'b' } })).toEqual({ ...raw, headers: { a: 'b' } });
    expect(toKafkaMessage({ ...event, raw }).headers).toEqual({});
  });

  test.each([
    ['no id', { ce_id: undefined }, 'Header ce_id is missing'],
    ['no source', { ce_source: undefined }, 'Header ce_source is missing'],
    ['no type', { ce_type: undefined }, 'Header ce_type is missing'],
    ['another version', { ce_specversion: '0.3' }, 'Header ce_specversion is "0.3", known is "1.0"'],
    ['a time that is none', { ce_time: 'soon' }, 'Header ce_time is no time: "soon"'],
    ['no content type', { 'content-type': undefined }, 'Header content-type is missing'],
    ['another content type', { 'content-type': 'text/plain' }, 'Header content-type is "text/plain"'],
  ])('with %s is refused by name', (_, headers, message) => {
    expect(() => fromKafkaMessage(received(event, headers))).toThrow(message);
    expect(() => fromKafkaMessage(received(event, headers))).toThrow(MessageError);
  });

  test('without key or with broken JSON is refused', () => {
    expect(() => fromKafkaMessage({ ...received(event), key: null })).toThrow('no key');
    expect(() => fromKafkaMessage(received({ ...event, data: '{' }))).toThrow('The value is no JSON');
  });

  test('of another producer may spell headers and content type in its own way', () => {
    const { headers, ...message } = received(event, { 'content-type': undefined });
    const other = { ...headers, 'Content-Type': Buffer.from('application/cloudevents+json; charset=utf-8') };
    expect(fromKafkaMessage({ ...message, headers: other }).data).toEqual({ a: 1 });
  });
});

describe('the data of a command', () => {
  const data = {
    campaignId: '0b6f5c1e-95a1-4f0e-9c43-7b3a55a2a001',
    tpeId: '0b6f5c1e-95a1-4f0e-9c43-7b3a55a2a002',
    idTms: 'T-1',
    tms: 'alpha',
    attempt: 1,
    targetVersion: '4.2.0',
    idempotencyKey: 'k',
    occurredAt: '2026-11-21T10:46:22.12345+00:00',
  };
  const parse = (value: unknown, type = event.type) =>
    parseData(
      'tpe.update.command',
      fromKafkaMessage(received({ ...event, type, data: JSON.stringify(value) })),
    );

  test('is given as it is, and may have more fields than are known', () => {
    expect(parse({ ...data, later: true })).toEqual(data);
  });

  test('is refused with every wrong field named', () => {
    expect(() => parse({ ...data, tpeId: 'x', attempt: 0 })).toThrow(/tpeId: .*; attempt: /);
    expect(() => parse(7)).toThrow(/not what tpe\.update\.command carries\. data: /);
  });

  test('is refused under the type of another message', () => {
    expect(() => parse(data, 'other')).toThrow(
      'ce_type is "other", tpe.update.command carries "tpe.update.commanded"',
    );
  });
});
