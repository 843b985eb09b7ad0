/** One round: campaigns that run while things break, and what holds in the end. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { between, pick, type Random } from '../support/random.ts';
import type { Fault } from './faults.ts';
import { growth, type Holding } from './growth.ts';
import type { Ran } from './breach.ts';
import { brokenInvariants } from './invariants.ts';
import { writeOrders } from './orders.ts';
import { type Log, wreak } from './scheduler.ts';
import type { Terminal, World } from './world.ts';

/** Milliseconds without news of any campaign after which it stands still: more than the deadline of a terminal. */
const STILL_MS = 240_000;
const ENDED = new Set(['COMPLETED', 'CANCELLED', 'ABORTED']);
const DEADLINE_SECONDS = 150;
/** What is due so much later never comes in a round; a clock that is an hour ahead says that it has. */
const HALF_AN_HOUR_SECONDS = 1_800;

export interface RoundOptions {
  /** Of the round; no other has the same. */
  name: string;
  /** Of each campaign. */
  terminals: number;
  faults: readonly Fault[];
  /** Seconds for which a terminal is followed; default 150, more than all faults of a round last together. */
  deadlineSeconds?: number | undefined;
  /** What the processes held at the beginning. */
  before: ReadonlyMap<string, Holding>;
  tell: (text: string) => void;
}

export interface RoundResult {
  /** What does not hold; empty where all is well. */
  broken: string[];
  ran: Ran[];
  /** What was done, to tell where something is broken. */
  done: string[];
  /** Terminals by final status. */
  counts: Record<string, number>;
}

type Shape = 'alpha' | 'beta' | 'side by side' | 'one after the other' | 'orders';
const SHAPES: readonly Shape[] = ['alpha', 'beta', 'side by side', 'one after the other', 'orders'];

export async function runRound(world: World, random: Random, options: RoundOptions): Promise<RoundResult> {
  const { name, terminals, faults, before, tell, deadlineSeconds = DEADLINE_SECONDS } = options;
  const shape = pick(random, SHAPES);
  const retries = pick(random, [1, 2]);
  tell(`${name}: ${terminals} terminals, ${shape}, ${retries} attempts, ${faults.length} faults`);
  const policy = policyOf(retries, deadlineSeconds);
  const groups = await prepare(world, name, shape, terminals);
  await world.call('PUT', `/policy-templates/${name}`, { policy });

  const log: Log = { done: [], broken: [] };
  const ended = new AbortController();
  const ran: Ran[] = [];
  const wreaking = wreak(
    random,
    { faults, every: { from: 500, to: 4_000 }, lasts: { from: 1_000, to: 10_000 } },
    log,
    ended.signal,
  );
  const running = launchAll(world, random, { name, shape, groups, ran, policy });
  try {
    await Promise.all([wreaking, running]);
    await mended(world);
    log.broken.push(...(await untilEnded(world, ran)));
  } catch (error) {
    log.broken.push(`the round could not go on: ${(error as Error).message}`);
  }
  if (log.broken.length === 0) {
    const broken = await brokenInvariants(world, ran).catch((error: Error) => [
      `what holds can not be told: ${error.message}`,
    ]);
    log.broken.push(...broken);
  }
  log.broken.push(...(await growth(world, before)));
  return { broken: log.broken, ran, done: log.done, counts: await countOf(world, ran) };
}

/** A group of terminals is of one campaign. */
interface Group {
  site: string;
  terminals: Terminal[];
}

async function prepare(world: World, name: string, shape: Shape, terminals: number): Promise<Group[]> {
  const make = (tms: 'alpha' | 'beta'): Group => ({
    site: `${name}-${tms}`,
    terminals: Array.from({ length: terminals }, () => ({ tpeId: randomUUID(), tms })),
  });
  const groups = {
    alpha: () => [make('alpha')],
    beta: () => [make('beta')],
    'side by side': () => [make('alpha'), make('beta')],
    'one after the other': () => [make('alpha'), make('beta')],
    orders: () => [make('alpha'), make('beta')],
  }[shape]();
  for (const { site, terminals: members } of groups) await world.addTerminals(site, members);
  return groups;
}

function policyOf(attempts: number, deadlineSeconds: number): object {
  return {
    polling: { windows: [{ everySeconds: 2, attempts: 500 }] },
    deadlineSeconds,
    progressEverySeconds: 1,
    failureThreshold: null,
    stallSeconds: HALF_AN_HOUR_SECONDS,
    endAt: new Date(Date.now() + HALF_AN_HOUR_SECONDS * 1_000).toISOString(),
    retry: { attempts, backoffSeconds: 1 },
  };
}

interface Launching {
  name: string;
  shape: Shape;
  groups: readonly Group[];
  /** Campaigns, as they are launched. */
  ran: Ran[];
  policy: object;
}

/** The campaigns of a round. Those one after the other overlap a little, as they do in a bank. */
async function launchAll(world: World, random: Random, launching: Launching): Promise<void> {
  const { groups, name, ran, policy, shape } = launching;
  for (const { site, terminals } of groups) {
    const tpeIds = terminals.map(({ tpeId }) => tpeId);
    if (shape === 'orders') {
      const campaignId = randomUUID();
      ran.push({ campaignId, tpeIds });
      await writeOrders(world, random, { campaignId, tpeIds, template: name });
    } else {
      const { campaignId } = await world.call<{ campaignId: string }>(
        'POST',
        '/campaigns',
        { targetVersion: '4.2.0', targets: { filter: { site } }, policy },
        { 'idempotency-key': site },
      );
      ran.push({ campaignId, tpeIds });
    }
    if (shape === 'one after the other') await sleep(between(random, 4_000, 8_000));
  }
}

/** Everything is as it should be, as far as that is ours to do. */
async function mended(world: World): Promise<void> {
  world.links.mend();
  await world.healed();
}

/** However slow the machine: what still changes is on its way. */
async function untilEnded(world: World, ran: readonly Ran[]): Promise<string[]> {
  let open = ran.map(({ campaignId }) => ({ campaignId, status: 'unknown', counts: {} }));
  let changedAt = Date.now();
  while (open.length > 0 && Date.now() - changedAt < STILL_MS) {
    const views = await Promise.all(
      open.map(({ campaignId }) =>
        world.call<(typeof open)[number]>('GET', `/campaigns/${campaignId}`).catch(() => ({
          // An order's campaign is there once its first order was taken.
          campaignId,
          status: 'not there',
          counts: {},
        })),
      ),
    );
    const now = views
      .filter(({ status }) => !ENDED.has(status))
      .map(({ campaignId, status, counts }) => ({ campaignId, status, counts }));
    if (JSON.stringify(now) !== JSON.stringify(open)) changedAt = Date.now();
    open = now;
    if (open.length > 0) await sleep(500);
  }
  return open.map(
    ({ campaignId, status, counts }) =>
      `campaign ${campaignId} is ${status} and has stood still for ${STILL_MS / 1000} s: ${JSON.stringify(counts)}`,
  );
}

async function countOf({ db }: World, ran: readonly Ran[]): Promise<Record<string, number>> {
  const { rows } = await db.query<{ status: string; count: number }>(
    `SELECT status, count(*)::integer AS count FROM campaign_tpe WHERE campaign_id = ANY($1) GROUP BY status`,
    [ran.map(({ campaignId }) => campaignId)],
  );
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}
