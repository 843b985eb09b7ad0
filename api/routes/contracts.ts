/** The contracts of the messages on Kafka: the AsyncAPI document and the schemas of the data. */
import { buildAsyncApi } from '../../events/asyncapi.ts';
import { dataSchema } from '../../events/json-schema.ts';
import { MESSAGES, messageOfType, schemaId } from '../../events/messages.ts';
import { Problem } from '../errors.ts';
import { BASE } from '../links.ts';
import { defineRoute, type Route } from '../route.ts';
import { z } from '../schemas/common.ts';

const json = z.record(z.string(), z.unknown());

const asyncApi = defineRoute({
  method: 'get',
  path: `${BASE}/asyncapi.json`,
  operationId: 'getAsyncApi',
  tag: 'messages',
  summary: 'The AsyncAPI document of the topics',
  replies: { 200: { description: 'AsyncAPI 3.0, with the names that the topics have here.', schema: json } },
  async handle({ deps: { config } }) {
    return { status: 200, body: buildAsyncApi({ topicPrefix: config.kafka.topicPrefix }) };
  },
});

const messageSchema = z
  .object({
    type: z.string().openapi({ description: 'CloudEvents type.', example: 'tpe.update.status.changed' }),
    version: z.number().int().openapi({ description: 'Version of the schema.' }),
    topic: z.string().openapi({ description: 'Without the prefix.' }),
    source: z.enum(['platform', 'others']).openapi({ description: 'Who publishes it.' }),
    summary: z.string(),
    dataschema: z
      .string()
      .openapi({ description: 'Value of the header `ce_dataschema`, `$id` of the schema.' }),
    links: z.object({ self: z.string() }),
  })
  .openapi('MessageSchema');

const list = defineRoute({
  method: 'get',
  path: `${BASE}/schemas`,
  operationId: 'listMessageSchemas',
  tag: 'messages',
  summary: 'The messages on Kafka that have a schema',
  replies: { 200: { description: 'All of them.', schema: z.object({ items: z.array(messageSchema) }) } },
  async handle() {
    const items = MESSAGES.map((message) => {
      const { type, version, topic, source, summary } = message;
      const dataschema = schemaId(message);
      return { type, version, topic, source, summary, dataschema, links: { self: BASE + dataschema } };
    });
    return { status: 200, body: { items } };
  },
});

const read = defineRoute({
  method: 'get',
  path: `${BASE}/schemas/{type}/{version}`,
  operationId: 'getMessageSchema',
  tag: 'messages',
  summary: 'The JSON Schema of the data of a message',
  params: z.strictObject({
    type: z.string().max(100).openapi({ example: 'tpe.update.status.changed' }),
    version: z.coerce.number().int().min(1).openapi({ example: 1 }),
  }),
  replies: {
    200: { description: 'JSON Schema 2020-12.', schema: json, contentType: 'application/schema+json' },
  },
  problems: ['not-found'],
  async handle({ params: { type, version } }) {
    const message = messageOfType(type);
    if (message?.version !== version) {
      throw new Problem('not-found', {
        detail: message
          ? `There is no version ${version} of ${type}; it has ${message.version}.`
          : `There is no message ${type}. There are: ${MESSAGES.map((each) => each.type).join(', ')}.`,
        errors: [{ parameter: message ? 'version' : 'type', message: 'is none' }],
      });
    }
    return {
      status: 200,
      body: dataSchema(message),
      headers: { 'content-type': 'application/schema+json' },
    };
  },
});

export const contractRoutes: Route[] = [asyncApi, list, read];
