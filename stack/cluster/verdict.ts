/** What must hold after a campaign, looked up where it is kept: in PostgreSQL, on Kafka and in Temporal. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { Client as PgClient } from 'pg';
import type { Config } from '../../config.ts';
import type { TopicRecord } from '../../events/consume.ts';

/** A terminal of a campaign as the database has it. */
export interface TerminalState {
  tpeId: string;
  status: string;
  /** Number of its status changes. */
  sequence: number;
}

/** How what is on `tpe.update.status` differs from one message per status change; all 0 when it does not. */
export interface KafkaVerdict {
  /** Messages of the campaign. */
  messages: number;
  /** Messages whose key and sequence were there before. */
  repeats: number;
  /** Messages whose sequence does not follow the one before of its key. */
  gaps: number;
  /** Terminals whose last message is not the state of the database, or that have none. */
  differing: number;
}

/** Compares the messages of a campaign's terminals with their states. */
export function judgeMessages(
  campaignId: string,
  records: readonly Pick<TopicRecord, 'key' | 'headers' | 'value'>[],
  terminals: readonly TerminalState[],
): KafkaVerdict {
  const last = new Map<string, { sequence: number; status: string }>();
  const seen = new Set<string>();
  const verdict: KafkaVerdict = { messages: 0, repeats: 0, gaps: 0, differing: 0 };
  for (const { key, headers, value } of records) {
    if (!key.startsWith(`${campaignId}|`) || value === null) continue;
    verdict.messages++;
    const sequence = Number(headers.ce_sequence);
    const id = `${key} ${sequence}`;
    if (seen.has(id)) verdict.repeats++;
    else if (sequence !== (last.get(key)?.sequence ?? sequence - 1) + 1) verdict.gaps++;
    seen.add(id);
    last.set(key, { sequence, status: (JSON.parse(value.toString()) as { status: string }).status });
  }
  verdict.differing = terminals.filter(({ tpeId, status, sequence }) => {
    const told = last.get(`${campaignId}|${tpeId}`);
    return told?.status !== status || told.sequence !== sequence;
  }).length;
  return verdict;
}

export async function readTerminals(config: Config, campaignId: string): Promise<TerminalState[]> {
  const client = new PgClient({ connectionString: config.database.url });
  await client.connect();
  try {
    const { rows } = await client.query<TerminalState>(
      `SELECT tpe_id AS "tpeId", status, sequence FROM campaign_tpe WHERE campaign_id = $1`,
      [campaignId],
    );
    return rows;
  } finally {
    await client.end();
  }
}

/** What closes a workflow reaches its index a moment later. */
const CLOSING_MS = 60_000;

/** How many workflows of a campaign that has ended are still open; waits up to a minute for none. */
export async function countOpenWorkflows(config: Config, campaignId: string): Promise<number> {
  const { address, namespace } = config.temporal;
  const connection = await Connection.connect({ address });
  try {
    const { workflow } = new Client({ connection, namespace });
    for (const deadline = Date.now() + CLOSING_MS; ; await sleep(1_000)) {
      const { count } = await workflow.count(`CampaignId = '${campaignId}' AND ExecutionStatus = 'Running'`);
      if (count === 0 || Date.now() > deadline) return count;
    }
  } finally {
    await connection.close();
  }
}

/** What keeps a run from having succeeded, as sentences. */
export function describeVerdict(kafka: KafkaVerdict, openWorkflows: number): string[] {
  const { repeats, gaps, differing } = kafka;
  return [
    repeats === 0 ? '' : `Kafka has ${repeats} statuses more than once.`,
    gaps === 0 ? '' : `Kafka has ${gaps} statuses that don't follow the one before.`,
    differing === 0
      ? ''
      : `Of ${differing} terminals Kafka does not have the state of the database as the last.`,
    openWorkflows === 0 ? '' : `${openWorkflows} workflows of the campaign are still open.`,
  ].filter(Boolean);
}
