import { readFile } from 'node:fs/promises';
import { Parser } from '@asyncapi/parser';
import { describe, expect, test } from 'vitest';
import { buildAsyncApi } from '../../events/asyncapi.ts';
import { dataSchema, toJsonSchema } from '../../events/json-schema.ts';
import { DEAD_LETTER_HEADERS, EXAMPLES } from '../../events/message-examples.ts';
import { deadLetterHeadersSchema, headersSchema } from '../../events/message-headers.ts';
import { MESSAGES, messageOfType, schemaId } from '../../events/messages.ts';
import { TOPICS, TOPIC_NAMES } from '../../events/topics.ts';
import { faults } from './schema-faults.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- documents, looked at by expectations only
type Json = any;

const document: Json = buildAsyncApi();

describe('the AsyncAPI document', () => {
  const serious = async (candidate: Json): Promise<string[]> => {
    const { diagnostics } = await new Parser().parse(candidate);
    return diagnostics
      .filter(({ severity }) => [0, 1].includes(severity))
      .map(({ message, path }) => `${path.join('/')}: ${message}`);
  };

  test('is valid AsyncAPI 3.0', async () => {
    expect(document.asyncapi).toBe('3.0.0');
    expect(await serious(structuredClone(document))).toEqual([]);
  });

  test('would not be valid with a message that is not there', async () => {
    const spoilt = structuredClone(document);
    delete spoilt.components.messages['tpe.update.ordered'];
    expect((await serious(spoilt)).join()).toContain('#/components/messages/tpe.update.ordered');
  });

  test('has examples that fit their schemas', () => {
    const resolve = ({ $ref }: Json): Json => document.components.schemas[$ref.split('/').at(-1)];
    const examples = Object.values<Json>(document.components.messages).flatMap((message) =>
      (message.examples ?? []).flatMap(({ headers, payload }: Json) => [
        [message.headers, headers],
        ...(payload === undefined ? [] : [[message.payload, payload]]),
      ]),
    );
    expect(examples.map(([schema, value]) => [schema, faults(resolve(schema), value)])).toEqual(
      examples.map(([schema]) => [schema, []]),
    );
    expect(examples).toHaveLength(2 * MESSAGES.length + 1);
  });

  test('is what docs/asyncapi.json has; if not, run "npm run contracts"', async () => {
    const written = await readFile(new URL('../../docs/asyncapi.json', import.meta.url), 'utf8');
    expect(JSON.parse(written)).toEqual(document);
  });

  test('has every topic with its partitions and settings, and no other', () => {
    expect(Object.keys(document.channels).sort()).toEqual([...TOPIC_NAMES].sort());
    for (const name of TOPIC_NAMES) {
      const { partitions, topicConfiguration } = document.channels[name].bindings.kafka;
      const settings = Object.entries(topicConfiguration).map(([key, value]) => [key, String(value)]);
      expect({ partitions, settings: Object.fromEntries(settings) }).toEqual(TOPICS[name]);
    }
  });

  test('has every message on its topic; what is not ours is received, all else is sent', () => {
    for (const { topic, type, source } of MESSAGES) {
      const reference = { $ref: `#/channels/${topic}/messages/${type}` };
      expect(document.channels[topic].messages).toHaveProperty([type]);
      const using = Object.values<Json>(document.operations).filter(({ messages }) =>
        messages.some(({ $ref }: Json) => $ref === reference.$ref),
      );
      expect(using.map(({ action }) => action)).toEqual([source === 'platform' ? 'send' : 'receive']);
    }
    const types = Object.values<Json>(document.channels).flatMap(({ messages }) => Object.keys(messages));
    const others = types.filter((type) => messageOfType(type) === undefined);
    expect(new Set(others)).toEqual(new Set(['tombstone', 'tpe.events.dead-letter']));
  });

  test('has the names that topics have where they have a prefix', () => {
    const prefixed: Json = buildAsyncApi({ topicPrefix: 'test.' });
    const channel = prefixed.channels['tpe.update.status'];
    expect([channel.address, channel.bindings.kafka.topic]).toEqual(Array(2).fill('test.tpe.update.status'));
  });

  test('describes every field and every header', () => {
    const missing = Object.entries<Json>(document.components.schemas).flatMap(([name, schema]) =>
      undescribed(schema, name),
    );
    expect(missing).toEqual([]);
  });
});

/** Where properties have no description. */
function undescribed(schema: Json, at: string): string[] {
  return Object.entries<Json>(schema.properties ?? {}).flatMap(([name, property]) => [
    ...(property.description ? [] : [`${at}.${name}`]),
    ...undescribed(property, `${at}.${name}`),
  ]);
}

describe.each(MESSAGES.map((message) => [message.type, message] as const))(
  'the schema of %s',
  (type, message) => {
    const schema: Json = dataSchema(message);

    test('is JSON Schema 2020-12 under the id that messages name, and takes the example', () => {
      expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
      expect(schema.$id).toBe(`/schemas/${type}/1`);
      expect(schemaId(message)).toBe(schema.$id);
      expect(faults(schema, EXAMPLES[type].data)).toEqual([]);
      const headers = toJsonSchema(headersSchema(message), 'draft-2020-12');
      expect(faults(headers, EXAMPLES[type].headers)).toEqual([]);
    });

    test('takes fields that it does not know', () => {
      expect(faults(schema, { ...EXAMPLES[type].data, later: [1] })).toEqual([]);
    });

    test('says the same as the schema that the program checks with, of every field that is missing or wrong', () => {
      const example: Record<string, unknown> = EXAMPLES[type].data;
      for (const field of Object.keys(schema.properties)) {
        const { [field]: _left, ...without } = example;
        for (const data of [without, { ...example, [field]: 7.5 }, { ...example, [field]: null }]) {
          expect([field, data, faults(schema, data).length > 0]).toEqual([
            field,
            data,
            !message.schema.safeParse(data).success,
          ]);
        }
      }
    });

    test('names in the document the same fields, for draft 7', () => {
      const { $schema: _draft, $id: _id, title: _title, ...body } = schema;
      expect(document.components.schemas[type]).toEqual(body);
    });
  },
);

describe('an order', () => {
  const order = EXAMPLES['tpe.update.ordered'].data;
  const schema = dataSchema(MESSAGES[1]);
  const { campaignId, tpeId } = order;

  test('needs a campaign, a terminal and a version, and joins by default', () => {
    const least = { campaignId, tpeId, targetVersion: '4.2.0' };
    expect(faults(schema, least)).toEqual([]);
    expect(MESSAGES[1].schema.parse(least)).toEqual({ ...least, joinable: true });
  });

  test.each([
    ['an id in capitals', { tpeId: tpeId.toUpperCase() }],
    ['a version with a line break', { targetVersion: '4.2\n0' }],
    ['a version with a control character of Latin-1', { targetVersion: '4.2\u0085' }],
    ['an empty version', { targetVersion: '' }],
    ['a version that is too long', { targetVersion: '4'.repeat(101) }],
    ['nobody', { requestedBy: '' }],
    ['a template as text', { policyTemplate: 'careful' }],
    ['a template of version 0', { policyTemplate: { name: 'careful', version: 0 } }],
    ['a text for a truth value', { joinable: 'true' }],
  ])('with %s is refused, by the program as by the schema', (_title, change) => {
    expect(faults(schema, { ...order, ...change })).toHaveLength(1);
    expect(MESSAGES[1].schema.safeParse({ ...order, ...change }).success).toBe(false);
  });
});

test('the example of a dead letter has the headers that dead letters have', () => {
  const schema = toJsonSchema(deadLetterHeadersSchema, 'draft-2020-12');
  expect(faults(schema, DEAD_LETTER_HEADERS)).toEqual([]);
  expect(faults(schema, { ...DEAD_LETTER_HEADERS, dlq_offset: 'first', dlq_error: '' })).toHaveLength(2);
});
