/**
 * The short form of `npm run test:faults`: one round of the whole platform under faults of every kind. Then the
 * invariants themselves: each kind of damage, done on purpose, must be seen.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Random, seededRandom } from '../support/random.ts';
import { START_TIMEOUT_MS } from '../support/stack.ts';
import { catalogue } from './faults.ts';
import { measure } from './growth.ts';
import type { Ran } from './breach.ts';
import { brokenInvariants } from './invariants.ts';
import { runRound } from './round.ts';
import { choose } from './scheduler.ts';
import { TARGET, World } from './world.ts';

/** The same choices at each run, so that a failure tells of a change; others by `npm run test:faults`, or with this set. */
const SEED = Number(process.env.FAULTS_SEED ?? 503_470);
const FAULTS = 4;
const TIMEOUT_MS = START_TIMEOUT_MS + 8 * 60_000;

let random: Random;
let world: World;
let ran: Ran[];

beforeAll(async () => {
  random = seededRandom(SEED);
  world = await World.start(random);
}, START_TIMEOUT_MS);
afterAll(() => world?.stop(), 120_000);

const tell = (text: string): void => void process.stderr.write(`faults: ${text}\n`);

it(
  'nothing is lost, done twice or left open by faults of every kind, one upon the other',
  async () => {
    tell(`FAULTS_SEED=${SEED}`);
    const faults = choose(random, Object.values(catalogue(world, random)), FAULTS);
    const before = measure(world);
    const round = await runRound(world, random, {
      name: 'short',
      terminals: 60,
      deadlineSeconds: 40,
      faults,
      before,
      tell,
    });
    for (const what of round.done) tell(what);
    expect(round.broken).toEqual([]);
    expect(round.done).toHaveLength(FAULTS);
    ran = round.ran;
  },
  TIMEOUT_MS,
);

it(
  'damage of every kind is seen by the invariants',
  async () => {
    const [{ campaignId } = { campaignId: '' }] = ran;
    const db = await world.db.connect();
    try {
      // As somebody who may do everything: the tables themselves would not let it be done.
      await db.query('SET session_replication_role = replica');
      const { rows } = await db.query<{ tpeId: string }>(
        `SELECT tpe_id AS "tpeId" FROM campaign_tpe WHERE campaign_id = $1 ORDER BY tpe_id LIMIT 3`,
        [campaignId],
      );
      const [first, second, third] = rows.map(({ tpeId }) => tpeId);
      await db.query(
        `UPDATE campaign_tpe SET status = CASE status WHEN 'TIMEOUT' THEN 'FAILED' ELSE 'TIMEOUT' END
         WHERE campaign_id = $1 AND tpe_id = $2`,
        [campaignId, first],
      );
      await db.query(
        `UPDATE campaign_tpe SET status = 'TIMEOUT', requested_at = last_update
         WHERE campaign_id = $1 AND tpe_id = $2`,
        [campaignId, third],
      );
      await db.query(
        'DELETE FROM event WHERE seq = (SELECT min(seq) FROM event WHERE campaign_id = $1 AND tpe_id = $2)',
        [campaignId, second],
      );
      await db.query(
        `INSERT INTO outbox (topic, key, type, data, headers) VALUES
         ('tpe.update.status', $1, 'tpe.update.status.changed', '{}', '{"ce_sequence": "1", "ce_status": "REQUESTED"}')`,
        [`${campaignId}|${third}`],
      );
    } finally {
      db.release(true);
    }
    await updateTwice();
    const open = await world.temporal.workflow.start('nobody-runs-this', {
      workflowId: randomUUID(),
      taskQueue: 'nobody',
      searchAttributes: { CampaignId: [campaignId] },
    });
    const broken = (await brokenInvariants(world, ran, { settleMs: 2_000 })).join('\n');
    await open.terminate();
    for (const what of [
      'not sealed',
      'is a TIMEOUT before its time was over',
      'has an event twice, or none of a change',
      'does not have each change once and in order on the topic',
      'has another status on the topic',
      'its workflow ended with',
      'has another end in Temporal',
      'is still open',
      '1 terminals were updated twice in one attempt',
      'is a fault of the audit trail',
      'is counted wrongly in the projection',
    ]) {
      expect(broken).toContain(what);
    }
  },
  TIMEOUT_MS,
);

/** A TMS that knows no keys is asked twice for the same. */
async function updateTwice(): Promise<void> {
  const tpeId = randomUUID();
  await world.addTerminals('twice', [{ tpeId, tms: 'beta' }]);
  const update = JSON.stringify({ idTms: 'beta-twice-0', targetVersion: TARGET });
  for (let n = 0; n < 2; n++) await world.askSimulator('POST', '/beta/updates', update);
}
