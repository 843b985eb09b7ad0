import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCampaign } from '../../db/campaign-create.ts';
import { eraseTpe } from '../../db/erasure.ts';
import { OUTBOX_LANES, readOutbox } from '../../db/outbox.ts';
import type { OutboxRow } from '../../db/outbox.ts';
import { recordTransitions } from '../../db/transitions.ts';
import { fromKafkaMessage, headerTexts, toKafkaMessage } from '../../events/cloud-event.ts';
import { receivedMessage } from '../../events/consumed-message.ts';
import { toConsumedLetter, toDeadLetter } from '../../events/dead-letter.ts';
import { dataSchema, toJsonSchema } from '../../events/json-schema.ts';
import {
  deadLetterHeadersSchema,
  headersSchema,
  tombstoneHeadersSchema,
} from '../../events/message-headers.ts';
import { messageOfType } from '../../events/messages.ts';
import type { MessageTopic } from '../../events/messages.ts';
import { knownTopic } from '../../events/topics.ts';
import { DEFAULT_POLICY } from '../../workflows/policy/defaults.ts';
import { Rig } from './rig.ts';
import { faults } from './schema-faults.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.create();
});
afterAll(() => rig.close());

const [updated, skipped, campaignId] = [randomUUID(), randomUUID(), randomUUID()];
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** A terminal's way through a campaign, as the platform writes it into the outbox. */
async function runThrough(): Promise<void> {
  await rig.db.query(
    `INSERT INTO tpe (tpe_id, id_tms, tms, site, model, version_courante)
     VALUES ($1, 'A-1', 'alpha', 'Lyon-12', 'A920', '4.1.0'), ($2, 'A-2', 'alpha', 'Lyon-12', 'A920', '4.2.0')`,
    [updated, skipped],
  );
  await createCampaign(
    rig.db,
    {
      campaignId,
      name: 'contract',
      targetVersion: '4.2.0',
      targets: { all: true },
      busy: 'skip',
      policy: DEFAULT_POLICY,
      policyTemplate: null,
      retryOf: null,
      createdBy: 'ops',
      correlationId: 'request-1',
      traceparent,
      idempotencyKey: null,
      requestHash: 'hash',
    },
    { topicPrefix: rig.config.kafka.topicPrefix, tmsNames: ['alpha'] },
  );
  const context = { topicPrefix: rig.config.kafka.topicPrefix, actor: 'system' };
  const step = { campaignId, tpeId: updated, attempt: 1 };
  await recordTransitions(rig.db, context, [{ ...step, status: 'REQUESTED', operationId: 'op-1' }]);
  await recordTransitions(rig.db, context, [{ ...step, status: 'INSTALLING', tmsState: 'INSTALLING' }]);
  await recordTransitions(rig.db, context, [{ ...step, status: 'SUCCESS', version: '4.2.0' }]);
}

/** A message of the outbox as a consumer has it. */
interface Seen {
  topic: MessageTopic;
  type: string;
  key: string;
  headers: Record<string, string>;
  data: Record<string, unknown>;
}

async function outbox(): Promise<Seen[]> {
  const rows: OutboxRow[] = [];
  for (let lane = 0; lane < OUTBOX_LANES; lane++) {
    rows.push(...(await readOutbox(rig.db, lane, { except: [], limit: 1_000, bytes: 1_000_000 })).rows);
  }
  return rows
    .sort((a, b) => Number(BigInt(a.id) - BigInt(b.id)))
    .map((row) => {
      const { key, value, headers } = toKafkaMessage(row);
      const [keyBytes, valueBytes] = [Buffer.from(String(key)), Buffer.from(String(value))];
      const event = fromKafkaMessage({ key: keyBytes, value: valueBytes, headers });
      const topic = knownTopic(rig.config, row.topic) as MessageTopic;
      return { topic, type: event.type, key: event.key, headers, data: event.data as Seen['data'] };
    });
}

describe('what the platform writes into the outbox', () => {
  let seen: Seen[];
  beforeAll(async () => {
    await runThrough();
    seen = await outbox();
  });

  test('is valid by the published schemas, headers too, and has no field that they do not name', () => {
    expect(seen.length).toBeGreaterThanOrEqual(5);
    for (const { topic, type, headers, data } of seen) {
      const message = messageOfType(type);
      if (!message) throw new Error(`${type} is no message`);
      expect([type, message.topic, message.source]).toEqual([type, topic, 'platform']);
      expect([type, faults(dataSchema(message), data)]).toEqual([type, []]);
      expect([type, faults(toJsonSchema(headersSchema(message), 'draft-2020-12'), headers)]).toEqual([
        type,
        [],
      ]);
      expect(Object.keys(data).sort()).toEqual(Object.keys(message.schema.shape).sort());
      const known = Object.keys(headersSchema(message).shape);
      expect(Object.keys(headers).filter((name) => !known.includes(name))).toEqual([]);
    }
  });

  test('has the key and the request of the campaign on every message', () => {
    for (const { topic, key, headers, data } of seen) {
      expect(key).toBe(topic === 'tpe.version.snapshot' ? data.tpeId : `${campaignId}|${String(data.tpeId)}`);
      expect(headers).toMatchObject({
        ce_correlationid: 'request-1',
        traceparent,
        ce_subject: key,
        ce_partitionkey: key,
      });
    }
  });

  test('tells in headers of a status what a sink filters by', () => {
    const statuses = seen.filter(({ topic }) => topic === 'tpe.update.status');
    expect(statuses.map(({ headers }) => [headers.ce_sequence, headers.ce_status, headers.ce_final])).toEqual(
      statuses.map(({ data }) => [
        String(data.sequence),
        data.status,
        data.final === true ? 'true' : undefined,
      ]),
    );
  });

  test('tells what was asked of the TMS, and every state of each terminal', () => {
    const common = { campaignId, tms: 'alpha', targetVersion: '4.2.0', attempt: 1 };
    const terminal = { ...common, tpeId: updated, idTms: 'A-1' };
    const of = (topic: MessageTopic): Seen['data'][] =>
      seen.filter((each) => each.topic === topic).map(({ data }) => data);
    expect(of('tpe.update.command')).toEqual([
      expect.objectContaining({ ...terminal, idempotencyKey: `${campaignId}:${updated}:1` }),
    ]);
    const status = { model: 'A920', site: 'Lyon-12', previousVersion: '4.1.0', reason: null, final: false };
    expect(of('tpe.update.status')).toEqual([
      expect.objectContaining({
        ...common,
        tpeId: skipped,
        status: 'SKIPPED',
        reason: 'already-there',
        final: true,
        previousVersion: '4.2.0',
        sequence: 1,
      }),
      expect.objectContaining({ ...terminal, ...status, status: 'REQUESTED', version: null, sequence: 1 }),
      expect.objectContaining({ ...terminal, ...status, status: 'INSTALLING', version: null, sequence: 2 }),
      expect.objectContaining({
        ...terminal,
        ...status,
        status: 'SUCCESS',
        final: true,
        version: '4.2.0',
        sequence: 3,
      }),
    ]);
  });

  test('tells the version that a terminal was seen to run, once it is another', () => {
    const versions = seen.filter(({ topic }) => topic === 'tpe.version.snapshot');
    expect(versions.map(({ type, data }) => [type, data])).toEqual([
      [
        'tpe.version.observed',
        expect.objectContaining({
          tpeId: updated,
          idTms: 'A-1',
          tms: 'alpha',
          model: 'A920',
          site: 'Lyon-12',
          version: '4.2.0',
          previousVersion: '4.1.0',
          campaignId,
        }),
      ],
    ]);
  });
});

test('what an erasure writes into the outbox are tombstones with the headers that are published for them', async () => {
  await rig.db.query('TRUNCATE outbox');
  const erasure = {
    tpeId: updated,
    actor: 'ops',
    reason: 'asked for',
    correlationId: 'request-2',
    traceparent,
  };
  await eraseTpe(rig.db, { ...erasure, topicPrefix: rig.config.kafka.topicPrefix });
  const { rows } = await rig.db.query<{ lane: number }>('SELECT DISTINCT lane FROM outbox');
  const options = { except: [], limit: 1_000, bytes: 1_000_000 };
  const pages = await Promise.all(rows.map(({ lane }) => readOutbox(rig.db, lane, options)));
  const messages = pages.flatMap((page) => page.rows.map(toKafkaMessage));
  expect(new Map(messages.map(({ key, value }) => [key, value]))).toEqual(
    new Map([
      [updated, null],
      [`${campaignId}|${updated}`, null],
    ]),
  );
  for (const { headers } of messages) {
    expect(faults(toJsonSchema(tombstoneHeadersSchema, 'draft-2020-12'), headers)).toEqual([]);
  }
});

test('dead letters of the relay and of consumers have the headers that are published for them, and no other', () => {
  const cause = { code: 'E', message: 'no\u00a0way' };
  const row: OutboxRow = {
    id: '7',
    lane: 0,
    topic: `${rig.config.kafka.topicPrefix}tpe.update.status`,
    key: 'k',
    type: 'tpe.update.status.changed',
    eventId: randomUUID(),
    data: '{"a":1}',
    occurredAt: '2026-11-21T10:46:22.123450Z',
    correlationId: null,
    traceparent: null,
  };
  const message = receivedMessage('tpe.update.command', 3, {
    offset: '42',
    timestamp: '0',
    attributes: 0,
    key: Buffer.from('k'),
    value: Buffer.from('v'),
    headers: { dlq_replay_of: randomUUID() },
  });
  const death = { cause, stage: 'orders', tries: 3 };
  const letters = [true, false].flatMap((excerpt) => [
    toDeadLetter(rig.config, row, cause, excerpt),
    toConsumedLetter(rig.config, message, death, excerpt),
  ]);
  const schema = toJsonSchema(deadLetterHeadersSchema, 'draft-2020-12');
  const known = Object.keys(deadLetterHeadersSchema.shape);
  for (const each of letters) {
    const texts = headerTexts(each.message.headers);
    expect(faults(schema, texts)).toEqual([]);
    expect(Object.keys(texts).filter((name) => name.startsWith('dlq_') && !known.includes(name))).toEqual([]);
  }
});
