/**
 * How long it takes from the moment at which the last terminal's look is due, all of them being done by then, until every
 * final status is in PostgreSQL and on Kafka: the looks of a whole campaign fall due together. The baseline does the same
 * without a platform: a look at each terminal, a row for each, a message for each.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readTopic } from '../events/consume.ts';
import { createKafka } from '../events/kafka.ts';
import { isFinalTpeStatus, type TpeStatus } from '../workflows/status.ts';
import { bareLooks } from './bare-calls.ts';
import { positive, progress } from './boundary.ts';
import {
  addFleet,
  type BenchPlatform,
  countOpen,
  type Fleet,
  positiveNumber,
  round,
  SECOND,
  simulatorStats,
  trigger,
  TRACKED_PER_SECOND,
  untilEnded,
  untilTracked,
  withPlatform,
} from './campaign-bench.ts';
import { cpuSeconds, cpuSince } from './processes.ts';

/** Rows and messages that the baseline writes at once. */
const BATCH = 500;
const READ_TIMEOUT_MS = 300_000;

export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      terminals: { type: 'string', default: '3000' },
      // Seconds from the request of a terminal to its first look.
      'first-look': { type: 'string' },
      // A campaign over 100 other terminals is launched when all looks are due: it must not wait for them.
      second: { type: 'boolean', default: false },
    },
  });
  const terminals = positive(values.terminals);
  // Nobody's first look is to be due before it has a tracker.
  const firstLook = values['first-look']
    ? positiveNumber(values['first-look'])
    : 30 + Math.ceil(terminals / TRACKED_PER_SECOND);
  const soon = { min: 0, max: 1 };
  return withPlatform(
    { alpha: { queueSeconds: soon, downloadSeconds: soon, installSeconds: soon } },
    async (platform) => {
      const fleet = await addFleet(platform, terminals);
      const secondFleet = values.second ? await addFleet(platform, SECOND) : undefined;
      progress('baseline');
      const bareMs = await bareSettle(platform, fleet);
      progress(`  ${bareMs} ms`);
      progress(`campaign over ${terminals} terminals, first look after ${firstLook} s`);
      const { campaignId, requestedAt, triggerMs } = await trigger(platform, fleet, {
        // One look settles each; the others are for those that could not be reached.
        polling: { windows: [{ everySeconds: firstLook, attempts: 3 }] },
        deadlineSeconds: firstLook * 4,
      });
      const observableAt = requestedAt + triggerMs + firstLook * 1_000;
      // Where trackers still start when looks are due, these look at the others, too.
      const tracking = untilTracked(platform, campaignId, terminals).then(() => Date.now() - requestedAt);
      await sleep(Math.max(0, requestedAt + firstLook * 1_000 - Date.now()));
      const second = secondFleet && triggerSecond(platform, secondFleet, observableAt);
      const cpuBefore = cpuSeconds(platform.stack);
      const { postgresMs, kafkaMs } = await untilSettled(platform, campaignId, observableAt);
      progress(`  all final everywhere after ${kafkaMs} ms, ratio ${round(kafkaMs / bareMs)}`);
      const settling = cpuSince(platform.stack, cpuBefore);
      const secondTriggerMs = await second;
      const trackedMs = await tracking;
      const { status } = await untilEnded(platform, campaignId);
      const endedMs = Date.now() - observableAt;
      return {
        terminals,
        firstLookSeconds: firstLook,
        trackedMs,
        postgresMs,
        kafkaMs,
        endedMs,
        ...(secondTriggerMs !== undefined && { secondTriggerMs }),
        terminalsPerSecond: round((terminals / Math.max(1, kafkaMs)) * 1_000, 1),
        bareMs,
        ratio: round(kafkaMs / bareMs),
        status,
        duplicates: (await simulatorStats(platform)).duplicates,
        lost: terminals - (await countFinalOnKafka(platform, campaignId)),
        cpuSeconds: settling,
      };
    },
  );
}

/** @returns milliseconds from the request of the campaign to its last call */
async function triggerSecond(platform: BenchPlatform, fleet: Fleet, at: number): Promise<number> {
  await sleep(Math.max(0, at - Date.now()));
  const { triggerMs } = await trigger(platform, fleet, {
    polling: { windows: [{ everySeconds: 3_600, attempts: 1 }] },
    deadlineSeconds: 7_200,
  });
  progress(`  the second campaign: ${triggerMs} ms`);
  return triggerMs;
}

async function untilSettled(
  platform: BenchPlatform,
  campaignId: string,
  observableAt: number,
): Promise<{ postgresMs: number; kafkaMs: number }> {
  for (let told = Infinity; ; await sleep(100)) {
    const open = await countOpen(platform, campaignId);
    if (open === 0) break;
    if (open <= told * 0.9) progress(`  ${(told = open)} are open`);
  }
  const postgresMs = Date.now() - observableAt;
  // A row of the outbox is deleted once Kafka has acknowledged its message.
  while (!(await isPublished(platform, campaignId))) await sleep(50);
  return { postgresMs, kafkaMs: Date.now() - observableAt };
}

async function isPublished({ db }: BenchPlatform, campaignId: string): Promise<boolean> {
  const { rows } = await db.query<{ published: boolean }>(
    `SELECT NOT EXISTS (SELECT FROM outbox WHERE topic LIKE '%tpe.update.status' AND key LIKE $1 || '|%') AS published`,
    [campaignId],
  );
  return rows[0]?.published ?? false;
}

/** Terminals whose last message says that they are final. */
async function countFinalOnKafka({ config }: BenchPlatform, campaignId: string): Promise<number> {
  const { latest } = await readTopic(config, 'tpe.update.status', { timeoutMs: READ_TIMEOUT_MS });
  return [...latest].filter(
    ([key, { data }]) =>
      key.startsWith(`${campaignId}|`) && isFinalTpeStatus((data as { status: TpeStatus }).status),
  ).length;
}

/** @returns milliseconds for a look at each terminal, a row and a message for each */
async function bareSettle(platform: BenchPlatform, fleet: Fleet): Promise<number> {
  const { config, db } = platform;
  const kafka = createKafka(config.kafka, 'bench');
  const topic = `${config.kafka.topicPrefix}bench-${randomUUID()}`;
  const admin = kafka.admin();
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await Promise.all([admin.connect(), producer.connect()]);
  await admin.createTopics({ topics: [{ topic, numPartitions: 12 }], waitForLeaders: true });
  await db.query('CREATE TABLE bench_status (tpe_id uuid PRIMARY KEY, data jsonb NOT NULL)');
  const begun = performance.now();
  await bareLooks(platform, fleet);
  for (let at = 0; at < fleet.terminals; at += BATCH) {
    const some = fleet.tpeIds.slice(at, at + BATCH);
    const data = some.map((tpeId) => JSON.stringify({ tpeId, status: 'SUCCESS', at: Date.now() }));
    await db.query(
      'INSERT INTO bench_status SELECT * FROM unnest($1::uuid[], $2::jsonb[]) AS row (tpe_id, data)',
      [some, data],
    );
    await producer.send({
      topic,
      acks: -1,
      messages: some.map((key, index) => ({ key, value: data[index] ?? null })),
    });
  }
  const tookMs = Math.round(performance.now() - begun);
  await db.query('DROP TABLE bench_status');
  await admin.deleteTopics({ topics: [topic] });
  await Promise.all([admin.disconnect(), producer.disconnect()]);
  return tookMs;
}
