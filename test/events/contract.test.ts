import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCampaign } from '../../db/campaign-create.ts';
import { OUTBOX_LANES, readOutbox } from '../../db/outbox.ts';
import { recordTransitions } from '../../db/transitions.ts';
import { fromKafkaMessage, toKafkaMessage } from '../../events/cloud-event.ts';
import { MESSAGES, parseData } from '../../events/messages.ts';
import type { CommandData, MessageTopic, StatusData } from '../../events/messages.ts';
import { knownTopic } from '../../events/topics.ts';
import { DEFAULT_POLICY } from '../../workflows/policy/defaults.ts';
import { Rig } from './rig.ts';

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

test('what the platform writes into the outbox is what its messages are documented to carry', async () => {
  await runThrough();
  const lanes = Array.from({ length: OUTBOX_LANES }, (_, lane) => lane);
  const rows = await readOutbox(rig.db, lanes, [], 1_000);
  const seen: { topic: MessageTopic; data: CommandData | StatusData | null }[] = [];
  for (const row of rows.sort((a, b) => Number(BigInt(a.id) - BigInt(b.id)))) {
    const topic = knownTopic(rig.config, row.topic) as MessageTopic;
    const { key, value, headers } = toKafkaMessage(row);
    const event = fromKafkaMessage({
      key: Buffer.from(String(key)),
      value: Buffer.from(String(value)),
      headers,
    });
    const data = parseData(topic, event);
    expect(event.key).toBe(`${campaignId}|${data?.tpeId}`);
    expect(event).toMatchObject({ correlationId: 'request-1', traceparent });
    // Nothing is carried that the schema does not name.
    expect(Object.keys(event.data as object).sort()).toEqual(
      Object.keys(MESSAGES[topic].schema.shape).sort(),
    );
    seen.push({ topic, data });
  }
  const common = { campaignId, tms: 'alpha', targetVersion: '4.2.0', attempt: 1 };
  const terminal = { ...common, tpeId: updated, idTms: 'A-1' };
  expect(seen.filter(({ topic }) => topic === 'tpe.update.command').map(({ data }) => data)).toEqual([
    expect.objectContaining({ ...terminal, idempotencyKey: `${campaignId}:${updated}:1` }),
  ]);
  const status = { model: 'A920', site: 'Lyon-12', previousVersion: '4.1.0', reason: null, final: false };
  const statuses = seen.filter(({ topic }) => topic === 'tpe.update.status').map(({ data }) => data);
  expect(statuses).toEqual([
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
