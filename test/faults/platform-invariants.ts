/** What must hold of the platform as a whole when nothing is under way. */
import { setTimeout as sleep } from 'node:timers/promises';
import { verifyChain, type LinkedRecord } from '../../audit/verify.ts';
import { exportEvents } from '../../db/event-export.ts';
import { untilDone } from '../support/persistence.ts';
import { type Ran, SETTLE_MS, told } from './breach.ts';
import { ROLES, TARGET, type World } from './world.ts';

/** @returns what does not hold, in words */
export async function platformBroken(world: World, campaigns: readonly Ran[]): Promise<string[]> {
  return [
    ...(await updatesBroken(world, campaigns)),
    ...(await trailBroken(world)),
    ...(await projectionBroken(world)),
    ...(await lettersBroken(world)),
    ...(await rolesBroken(world)),
  ];
}

/** Every role can do its work again. */
async function rolesBroken({ stack }: World): Promise<string[]> {
  const refusals = await Promise.all(
    ROLES.map((role) =>
      untilDone(() => stack.process(role).spec.check(), SETTLE_MS).then(
        () => [],
        (error: Error) => [`${role}: ${error.message}`],
      ),
    ),
  );
  return told('is a role that is not ready', refusals.flat());
}

/** Waits until nothing is on its way any more: the outbox is empty, every event is sealed and counted. */
export async function untilSettled({ db }: World, settleMs: number): Promise<string[]> {
  let left = '';
  for (const deadline = Date.now() + settleMs; Date.now() < deadline; await sleep(200)) {
    const { rows } = await untilDone(
      () =>
        db.query<{ outbox: number; unsealed: number; uncounted: number }>(
          `SELECT (SELECT count(*)::integer FROM outbox) AS outbox,
                  ((SELECT count(*) FROM event) - (SELECT position FROM event_chain_head))::integer AS unsealed,
                  ((SELECT position FROM event_chain_head)
                    - (SELECT position FROM projection.checkpoint))::integer AS uncounted`,
        ),
      SETTLE_MS,
    );
    const [{ outbox, unsealed, uncounted } = { outbox: 0, unsealed: 0, uncounted: 0 }] = rows;
    if (outbox === 0 && unsealed === 0 && uncounted === 0) return [];
    left = `${outbox} messages in the outbox, ${unsealed} events not sealed, ${uncounted} not counted`;
  }
  return [`after ${settleMs / 1000} s there are still ${left}`];
}

/** No terminal was updated twice in one attempt, and one that is called a success runs the version. */
async function updatesBroken(world: World, campaigns: readonly Ran[]): Promise<string[]> {
  const { duplicates } = await world.stats();
  const truth = new Map((await world.truth()).map((terminal) => [terminal.tpeId, terminal]));
  const ids = campaigns.map(({ campaignId }) => campaignId);
  const { rows } = await world.db.query<{ tpeId: string; attempt: number }>(
    `SELECT tpe_id AS "tpeId", attempt FROM campaign_tpe WHERE campaign_id = ANY($1) AND status = 'SUCCESS'`,
    [ids],
  );
  return [
    ...(duplicates === 0 ? [] : [`${duplicates} terminals were updated twice in one attempt`]),
    ...told(
      'is called a success and runs another version',
      rows.map(({ tpeId }) => tpeId).filter((tpeId) => truth.get(tpeId)?.version !== TARGET),
    ),
  ];
}

async function trailBroken({ db }: World): Promise<string[]> {
  const records: LinkedRecord[] = [];
  const take = (some: LinkedRecord[]): Promise<void> => {
    records.push(...some);
    return Promise.resolve();
  };
  await exportEvents(db, {}, take, { signal: AbortSignal.timeout(SETTLE_MS) });
  const { faults } = await verifyChain(records, { from: 1 });
  return told(
    'is a fault of the audit trail',
    faults.map(({ kind, message }) => `${kind}: ${message}`),
  );
}

async function projectionBroken({ db }: World): Promise<string[]> {
  const { rows } = await db.query<{ what: string }>(
    `WITH real AS (
       SELECT campaign_id, wave, status, count(*) AS terminals FROM campaign_tpe GROUP BY campaign_id, wave, status
     ), counted AS (
       SELECT campaign_id, wave, status, sum(terminals) AS terminals FROM projection.terminal_status
       GROUP BY campaign_id, wave, status HAVING sum(terminals) <> 0
     )
     SELECT format('%s %s: %s, not %s', coalesce(r.campaign_id, c.campaign_id), coalesce(r.status, c.status),
                   c.terminals, r.terminals) AS what
     FROM real r FULL JOIN counted c USING (campaign_id, wave, status)
     WHERE r.terminals IS DISTINCT FROM c.terminals`,
  );
  return told(
    'is counted wrongly in the projection',
    rows.map(({ what }) => what),
  );
}

/** Nothing is put aside because something was away. */
async function lettersBroken({ db }: World): Promise<string[]> {
  const { rows } = await db.query<{ what: string }>(`SELECT dlq_id AS what FROM dead_letter`);
  return told(
    'is a dead letter',
    rows.map(({ what }) => what),
  );
}
