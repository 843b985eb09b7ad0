/** The AsyncAPI 3.0 document of the topics, made of what the program itself goes by. */
import { toJsonSchema } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';
import { DEAD_LETTER_HEADERS, EXAMPLES } from './message-examples.ts';
import { deadLetterHeadersSchema, headersSchema, tombstoneHeadersSchema } from './message-headers.ts';
import { MESSAGES, schemaId } from './messages.ts';
import type { MessageDefinition, MessageType } from './messages.ts';
import { TOPICS, TOPIC_NAMES } from './topics.ts';
import type { TopicName } from './topics.ts';

type Message = (typeof MESSAGES)[number];
type Node = Record<string, unknown>;

export interface AsyncApiOptions {
  /** Put before the names of the topics; default none. */
  topicPrefix?: string;
}

const INFO = {
  title: 'Update campaigns for payment terminals: events',
  version: '1.0.0',
  description:
    'What happens to terminals, for other systems to follow, and the orders that they may give. CloudEvents 1.0 in binary content mode: the attributes are headers, the value is the data. Consumers read with isolation level read_committed and ignore headers and fields that they do not know.',
} as const;

const TOPIC_WORDS: Record<TopicName, string> = {
  'tpe.update.command': 'Updates that other systems order, and updates that were asked of a TMS.',
  'tpe.update.status':
    'The whole state of a terminal in a campaign; the last message of a key is what counts.',
  'tpe.version.snapshot':
    'The version that a terminal really runs; the last message of a key is what counts.',
  'tpe.events.dlq': 'What could not be published or handled, as it was, with the error in headers.',
};

const KEYS: Record<TopicName, JsonSchema> = {
  'tpe.update.command': keyOf('`campaignId|tpeId`, as in the data.'),
  'tpe.update.status': keyOf('`campaignId|tpeId`.'),
  'tpe.version.snapshot': keyOf('`tpeId`.'),
  'tpe.events.dlq': { description: 'The key of the message as it was; may be absent.' },
};

function keyOf(description: string): JsonSchema {
  return { type: 'string', description };
}

/** The message of `tpe.events.dlq`: it has no data of its own. */
const DEAD_LETTER = 'tpe.events.dead-letter';
/** What compaction forgets a key by. */
const TOMBSTONE = 'tombstone';

const KAFKA_BINDING = '0.5.0';

/** The document, as plain JSON. The same arguments give the same document. */
export function buildAsyncApi({ topicPrefix = '' }: AsyncApiOptions = {}): Node {
  return {
    asyncapi: '3.0.0',
    info: INFO,
    defaultContentType: 'application/json',
    servers: {
      kafka: {
        host: '{brokers}',
        protocol: 'kafka',
        description: 'The brokers of KAFKA_BROKERS.',
        variables: { brokers: { default: '127.0.0.1:9092', description: 'host:port' } },
      },
    },
    channels: Object.fromEntries(TOPIC_NAMES.map((name) => [name, channel(name, topicPrefix + name)])),
    operations: operations(),
    components: { messages: messages(), schemas: schemas(), correlationIds: CORRELATION },
  };
}

const CORRELATION = {
  request: {
    description: 'The request that it all began with.',
    location: '$message.header#/ce_correlationid',
  },
};

function channel(name: TopicName, address: string): Node {
  const { partitions, settings } = TOPICS[name];
  return {
    address,
    title: name,
    description: TOPIC_WORDS[name],
    servers: [{ $ref: '#/servers/kafka' }],
    messages: Object.fromEntries(
      messageNames(name).map((message) => [message, { $ref: `#/components/messages/${message}` }]),
    ),
    bindings: {
      kafka: {
        topic: address,
        partitions,
        topicConfiguration: Object.fromEntries(Object.entries(settings).map(typed)),
        bindingVersion: KAFKA_BINDING,
      },
    },
  };
}

/** A setting as the binding has it: numbers as numbers, the clean-up policies as a list. */
function typed([name, value]: [string, string]): [string, unknown] {
  if (name === 'cleanup.policy') return [name, value.split(',')];
  return [name, /^\d+$/.test(value) ? Number(value) : value];
}

function messageNames(topic: TopicName): string[] {
  if (topic === 'tpe.events.dlq') return [DEAD_LETTER];
  const types = MESSAGES.filter((message) => message.topic === topic).map(({ type }) => type);
  return isCompacted(topic) ? [...types, TOMBSTONE] : types;
}

function isCompacted(topic: TopicName): boolean {
  return TOPICS[topic].settings['cleanup.policy']?.includes('compact') === true;
}

/** What this platform does: it sends all messages but the orders, which it receives. */
function operations(): Node {
  return {
    publishCommands: operation('send', 'tpe.update.command', ['tpe.update.commanded']),
    takeOrders: operation('receive', 'tpe.update.command', ['tpe.update.ordered']),
    publishStatuses: operation('send', 'tpe.update.status', messageNames('tpe.update.status')),
    publishVersions: operation('send', 'tpe.version.snapshot', messageNames('tpe.version.snapshot')),
    giveUp: operation('send', 'tpe.events.dlq', [DEAD_LETTER]),
    showDeadLetters: operation('receive', 'tpe.events.dlq', [DEAD_LETTER]),
  };
}

const OPERATION_WORDS: Record<string, string> = {
  'send tpe.update.command': 'Announces what a TMS was asked for.',
  'receive tpe.update.command': 'Takes orders of other systems; each order once, by source and id.',
  'send tpe.update.status': 'Announces every change of a terminal within a campaign.',
  'send tpe.version.snapshot': 'Announces the version that a terminal was seen to run.',
  'send tpe.events.dlq': 'Puts aside what can not be published or handled.',
  'receive tpe.events.dlq': 'Keeps the dead letters for people to look at, replay or discard.',
};

function operation(action: 'send' | 'receive', topic: TopicName, names: readonly string[]): Node {
  return {
    action,
    channel: { $ref: `#/channels/${topic}` },
    summary: OPERATION_WORDS[`${action} ${topic}`],
    messages: names.map((name) => ({ $ref: `#/channels/${topic}/messages/${name}` })),
  };
}

function messages(): Node {
  return {
    ...Object.fromEntries(MESSAGES.map((message) => [message.type, describe(message)])),
    [DEAD_LETTER]: {
      name: DEAD_LETTER,
      title: 'A dead letter',
      summary: 'A message that could not be published or handled',
      description: 'Key, value and headers are those of the message as it was, whatever they may be.',
      contentType: 'application/octet-stream',
      headers: { $ref: `#/components/schemas/${DEAD_LETTER}.headers` },
      payload: { $ref: `#/components/schemas/${DEAD_LETTER}.value` },
      bindings: { kafka: { key: KEYS['tpe.events.dlq'], bindingVersion: KAFKA_BINDING } },
      examples: [{ name: 'order', summary: 'An order without a version', headers: DEAD_LETTER_HEADERS }],
    },
    [TOMBSTONE]: {
      name: TOMBSTONE,
      title: 'A tombstone',
      summary: 'The key is to be forgotten',
      description: 'A message without value. Consumers delete what they have for its key.',
      headers: { $ref: `#/components/schemas/${TOMBSTONE}.headers` },
      payload: { $ref: `#/components/schemas/${TOMBSTONE}` },
    },
  };
}

function describe(message: Message): Node {
  const { topic, type, version, summary } = message;
  const example = EXAMPLES[type];
  return {
    name: type,
    title: summary,
    summary: message.schema.description,
    description: `Version ${version} of the data; the API gives its JSON Schema 2020-12 at /api/v1${schemaId(message)}.`,
    contentType: 'application/json',
    headers: { $ref: `#/components/schemas/${type}.headers` },
    payload: { $ref: `#/components/schemas/${type}` },
    correlationId: { $ref: '#/components/correlationIds/request' },
    tags: [{ name: 'cloudevents' }, { name: message.source === 'platform' ? 'ours' : 'of others' }],
    bindings: { kafka: { key: KEYS[topic], bindingVersion: KAFKA_BINDING } },
    examples: [{ name: 'example', headers: example.headers, payload: example.data }],
  };
}

/** In draft 7, which is what AsyncAPI's own schema language is based on, and what its tools check examples by. */
function schemas(): Node {
  const entries = MESSAGES.flatMap((message: MessageDefinition & { type: MessageType }) => [
    [message.type, draft7(message.schema)],
    [`${message.type}.headers`, draft7(headersSchema(message))],
  ]);
  return {
    ...(Object.fromEntries(entries) as Node),
    [`${DEAD_LETTER}.headers`]: draft7(deadLetterHeadersSchema),
    [`${DEAD_LETTER}.value`]: { description: 'The value of the message as it was: any bytes, or none.' },
    [`${TOMBSTONE}.headers`]: draft7(tombstoneHeadersSchema),
    [TOMBSTONE]: { type: 'null', description: 'There is no value.' },
  };
}

function draft7(schema: Parameters<typeof toJsonSchema>[0]): JsonSchema {
  const { $schema: _draft, ...rest } = toJsonSchema(schema, 'draft-7');
  return rest;
}
