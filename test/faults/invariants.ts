/** What must hold when a campaign has ended, whatever was broken while it ran. */
import { readTopic } from '../../events/consume.ts';
import { isFinalTpeStatus } from '../../workflows/status.ts';
import { untilDone } from '../support/persistence.ts';
import { nameOf, type Ran, type Row, SETTLE_MS, told } from './breach.ts';
import { platformBroken, untilSettled } from './platform-invariants.ts';
import { temporalBroken } from './temporal-invariants.ts';
import type { World } from './world.ts';

const READ = { timeoutMs: 60_000 };
/** PostgreSQL and Temporal, by whose clocks a terminal's time begins and ends, are on one machine here. */
const EARLY_SECONDS = 1;

/**
 * Looks at everything that is told about the campaigns, in every place.
 * @param options `settleMs`: how long what is still on its way is waited for
 * @returns what does not hold, in words; empty where all is well
 */
export async function brokenInvariants(
  world: World,
  campaigns: readonly Ran[],
  { settleMs = SETTLE_MS }: { settleMs?: number } = {},
): Promise<string[]> {
  const broken = await untilSettled(world, settleMs);
  const messages = await readMessages(world);
  for (const ran of campaigns) {
    const rows = await readRows(world, ran.campaignId);
    const found = [
      ...terminalsBroken(ran, rows),
      ...messagesBroken(ran, rows, messages),
      ...(await temporalBroken(world, ran, rows)),
    ];
    broken.push(...found.map((what) => `campaign ${ran.campaignId}: ${what}`));
  }
  return [...broken, ...(await platformBroken(world, campaigns))];
}

async function readRows({ db }: World, campaignId: string): Promise<Row[]> {
  const { rows } = await db.query<Row>(
    `SELECT c.tpe_id AS "tpeId", c.status, c.attempt, c.sequence, c.requested_at IS NOT NULL AS asked,
            coalesce(e.events, '{}') AS events,
            (k.policy->>'deadlineSeconds')::float8 - extract(epoch FROM c.last_update - c.requested_at)::float8
              AS "secondsLeft"
     FROM campaign_tpe c JOIN campaign k USING (campaign_id)
     LEFT JOIN (SELECT tpe_id, array_agg((data->>'to') || '/' || (data->>'attempt') ORDER BY seq) AS events
                FROM event WHERE campaign_id = $1 AND tpe_id IS NOT NULL GROUP BY tpe_id) AS e USING (tpe_id)
     WHERE c.campaign_id = $1`,
    [campaignId],
  );
  return rows;
}

/** Every terminal is there once, with one final status, and each of its changes is one event. */
function terminalsBroken({ tpeIds }: Ran, rows: readonly Row[]): string[] {
  const found = new Set(rows.map(({ tpeId }) => tpeId));
  return [
    ...told(
      'is missing in the database',
      tpeIds.filter((tpeId) => !found.has(tpeId)),
    ),
    ...(rows.length === tpeIds.length ? [] : [`${rows.length} terminals instead of ${tpeIds.length}`]),
    ...told(
      'has no final status in the database',
      rows.filter(({ status }) => !isFinalTpeStatus(status)).map(nameOf),
    ),
    ...told(
      'is a TIMEOUT before its time was over',
      rows
        .filter(({ status, secondsLeft }) => status === 'TIMEOUT' && (secondsLeft ?? 0) > EARLY_SECONDS)
        .map((row) => `${nameOf(row)}: ${row.secondsLeft?.toFixed(1)} s`),
    ),
    ...told(
      'has an event twice, or none of a change',
      rows.filter(({ events, sequence }) => !eventsFit(events, sequence)).map(nameOf),
    ),
  ];
}

/** An order's first event is of its joining, which changes no status: number 0. */
function eventsFit(events: readonly string[], sequence: number): boolean {
  const changes = events.filter((event, index) => index > 0 || !event.startsWith('PENDING'));
  return new Set(events).size === events.length && changes.length === sequence;
}

interface Message {
  id: string;
  sequence: number;
  status: string;
}

/** What the status topic has, by key. */
async function readMessages({ config }: World): Promise<Map<string, Message[]>> {
  const { records } = await untilDone(() => readTopic(config, 'tpe.update.status', READ), SETTLE_MS);
  const messages = new Map<string, Message[]>();
  for (const { key, headers } of records) {
    const of = messages.get(key) ?? [];
    of.push({
      id: headers.ce_id ?? '',
      sequence: Number(headers.ce_sequence),
      status: headers.ce_status ?? '',
    });
    messages.set(key, of);
  }
  return messages;
}

/** Each change of each terminal is one message, in order; the last of them is what the database says. */
function messagesBroken(
  { campaignId }: Ran,
  rows: readonly Row[],
  messages: ReadonlyMap<string, Message[]>,
): string[] {
  const of = ({ tpeId }: Row): Message[] => messages.get(`${campaignId}|${tpeId}`) ?? [];
  return [
    ...told(
      'does not have each change once and in order on the topic',
      rows
        .filter((row) => !isGapless(of(row), row.sequence))
        .map(
          (row) =>
            `${nameOf(row)} (${of(row)
              .map(({ sequence }) => sequence)
              .join()})`,
        ),
    ),
    ...told(
      'has another status on the topic',
      rows
        .filter((row) => of(row).at(-1)?.status !== row.status)
        .map((row) => `${nameOf(row)}: ${of(row).at(-1)?.status}`),
    ),
    ...told(
      'shares the id of a message with itself',
      rows.filter((row) => new Set(of(row).map(({ id }) => id)).size !== of(row).length).map(nameOf),
    ),
  ];
}

/** From 1, or from 0 for a terminal that was ordered, to `last`. */
function isGapless(messages: readonly Message[], last: number): boolean {
  const first = messages[0]?.sequence === 0 ? 0 : 1;
  return (
    messages.length === last - first + 1 &&
    messages.every(({ sequence }, index) => sequence === first + index)
  );
}
