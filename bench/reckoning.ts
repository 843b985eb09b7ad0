/** What must hold after campaigns, whatever was broken: nothing lost, nothing twice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { readTopic } from '../events/consume.ts';
import type { TerminalTruth } from '../tms/simulator/admin-routes.ts';
import type { TpeStatus } from '../workflows/status.ts';
import { type BenchPlatform, simulatorStats, TARGET } from './campaign-bench.ts';

const READ_TIMEOUT_MS = 300_000;
const PUBLISHED_WITHIN_MS = 120_000;

export interface Reckoning {
  /** Terminals that a TMS without keys has updated twice in one attempt, or that have two operations at any TMS. */
  duplicates: number;
  /** Messages of the status topic whose event id was there before. */
  repeatedMessages: number;
  /** Terminals without a final status, with another status on Kafka, or called a SUCCESS and not running the version. */
  lost: number;
  /** Events that are not in the chain, messages that were not published. */
  unsealedEvents: number;
  unpublishedMessages: number;
}

/** Waits until all that the campaigns have said is published, and compares PostgreSQL, Kafka and the simulator. */
export async function reckon(platform: BenchPlatform, ...campaignIds: string[]): Promise<Reckoning> {
  const { config, db, simulator } = platform;
  const deadline = Date.now() + PUBLISHED_WITHIN_MS;
  let left = await leftOver(platform);
  while ((left.unsealedEvents > 0 || left.unpublishedMessages > 0) && Date.now() < deadline) {
    await sleep(200);
    left = await leftOver(platform);
  }
  const { rows } = await db.query<{ campaign_id: string; tpe_id: string; status: TpeStatus }>(
    'SELECT campaign_id, tpe_id, status FROM campaign_tpe WHERE campaign_id = ANY($1::uuid[])',
    [campaignIds],
  );
  const { records, latest } = await readTopic(config, 'tpe.update.status', { timeoutMs: READ_TIMEOUT_MS });
  const ids = records
    .filter(({ key }) => campaignIds.some((campaignId) => key.startsWith(`${campaignId}|`)))
    .map(({ headers }) => headers.ce_id);
  const answer = await fetch(`${simulator}/terminals`);
  const { terminals } = (await answer.json()) as { terminals: TerminalTruth[] };
  const truth = new Map(terminals.map((terminal) => [terminal.tpeId, terminal]));
  const lost = rows.filter(({ campaign_id, tpe_id, status }) => {
    const told = latest.get(`${campaign_id}|${tpe_id}`)?.data as { status: TpeStatus } | undefined;
    if (['PENDING', 'REQUESTED', 'INSTALLING'].includes(status) || told?.status !== status) return true;
    return status === 'SUCCESS' && truth.get(tpe_id)?.version !== TARGET;
  });
  const askedTwice = rows.filter(({ tpe_id }) => (truth.get(tpe_id)?.operations.length ?? 0) > 1);
  return {
    duplicates: Math.max(askedTwice.length, (await simulatorStats(platform)).duplicates),
    repeatedMessages: ids.length - new Set(ids).size,
    lost: lost.length,
    ...left,
  };
}

async function leftOver({
  db,
}: BenchPlatform): Promise<Pick<Reckoning, 'unsealedEvents' | 'unpublishedMessages'>> {
  const { rows } = await db.query<{ events: number; messages: number }>(
    `SELECT ((SELECT count(*) FROM event) - (SELECT position FROM event_chain_head))::integer AS events,
            (SELECT count(*) FROM outbox)::integer AS messages`,
  );
  return { unsealedEvents: rows[0]?.events ?? 0, unpublishedMessages: rows[0]?.messages ?? 0 };
}
