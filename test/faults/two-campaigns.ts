/** Two campaigns at once: how soon a small one is triggered while a large one is followed. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../support/random.ts';
import { TARGET, World } from './world.ts';

/** Terminals of the small campaign. */
const SMALL = 100;
/** Milliseconds within which all of its update calls are to be made. */
const MOST_MS = 3_000;
/** Of a terminal's download and installation: the quickest takes hours. */
const SPEED = 0.01;
/** Small campaigns, one after the other: the looks of a schedule come in herds, and one may miss them. */
const TRIES = 3;

export interface TwoCampaignsOptions {
  seed: number;
  /** Of the large campaign. */
  terminals: number;
  /** At the large campaign's terminals, once all are followed. */
  looksPerSecond: number;
  tell: (text: string) => void;
}

export interface TwoCampaignsResult {
  following: number;
  /** Milliseconds from the request that creates a small campaign to its last update call, with nothing else to do. */
  aloneMs: number;
  /** The same while the trackers of the large campaign begin, which has Temporal busy: not judged. */
  beginningMs: number;
  /** The same while the large campaign is followed. */
  triggerMs: number[];
  broken: string[];
}

/** All terminals are of one TMS, whose calls both campaigns share; none of them is done before the end. */
export async function runTwoCampaigns(options: TwoCampaignsOptions): Promise<TwoCampaignsResult> {
  const { seed, terminals, looksPerSecond, tell } = options;
  tell(`seed ${seed}`);
  const quick = { speed: SPEED, latencyMs: { min: 1, max: 5 }, concurrency: 32, disks: false };
  const world = await World.start(seededRandom(seed), quick);
  try {
    const everySeconds = Math.max(10, Math.round(terminals / looksPerSecond));
    await trigger(world, 'warm-up', everySeconds);
    const aloneMs = await trigger(world, 'alone', everySeconds);
    tell(`${SMALL} terminals, with nothing else to do, asked for after ${aloneMs} ms`);
    const large = await launch(world, 'large', terminals, everySeconds);
    await untilDispatched(world, large);
    tell(
      `${terminals} terminals have been asked for; waiting for the looks at them, every ${everySeconds} s`,
    );
    await untilFollowed(world, large, terminals / 4);
    const beginningMs = await trigger(world, 'beginning', everySeconds);
    tell(`${SMALL} terminals, while a quarter is followed, asked for after ${beginningMs} ms`);
    await untilFollowed(world, large, terminals);
    await untilLookedAt(world, terminals);
    const triggerMs: number[] = [];
    for (let n = 1; n <= TRIES; n++) {
      const ms = await trigger(world, `small-${n}`, everySeconds);
      triggerMs.push(ms);
      tell(`${SMALL} terminals of another campaign asked for after ${ms} ms`);
      await sleep((everySeconds * 1_000) / TRIES);
    }
    const { duplicates } = await world.stats();
    const broken = triggerMs.filter((ms) => ms > MOST_MS).map((ms) => `triggered after ${ms} ms`);
    if (duplicates > 0) broken.push(`${duplicates} terminals were updated twice in one attempt`);
    return { following: terminals, aloneMs, beginningMs, triggerMs, broken };
  } finally {
    await world.stop();
  }
}

async function launch(world: World, site: string, count: number, everySeconds: number): Promise<string> {
  const terminals = Array.from({ length: count }, () => ({ tpeId: randomUUID(), tms: 'beta' as const }));
  await world.addTerminals(site, terminals);
  return start(world, site, everySeconds);
}

async function start(world: World, site: string, everySeconds: number): Promise<string> {
  const { campaignId } = await world.call<{ campaignId: string }>('POST', '/campaigns', {
    targetVersion: TARGET,
    targets: { filter: { site } },
    policy: { polling: { windows: [{ everySeconds, attempts: 500 }] }, failureThreshold: null },
  });
  return campaignId;
}

async function untilDispatched(world: World, campaignId: string): Promise<void> {
  for (;;) {
    const { counts } = await world.call<{ counts: Record<string, number> }>(
      'GET',
      `/campaigns/${campaignId}`,
    );
    if (!counts.PENDING) return;
    await sleep(250);
  }
}

/** So many of a campaign's terminals have a tracker; some may have ended. */
async function untilFollowed({ temporal }: World, campaignId: string, trackers: number): Promise<void> {
  const query = `CampaignId = '${campaignId}' AND WorkflowType = 'tpeUpdate'`;
  while ((await temporal.workflow.count(query)).count < trackers) await sleep(1_000);
}

/** Looks are under way at a good part of the terminals. */
async function untilLookedAt(world: World, terminals: number): Promise<void> {
  while ((await world.stats()).hardware.calls < terminals / 4) await sleep(250);
}

/** @returns milliseconds from the request to the last update call */
async function trigger(world: World, site: string, everySeconds: number): Promise<number> {
  const terminals = Array.from({ length: SMALL }, () => ({ tpeId: randomUUID(), tms: 'beta' as const }));
  await world.addTerminals(site, terminals);
  const before = (await world.stats()).accepted;
  const begun = Date.now();
  await start(world, site, everySeconds);
  for (;;) {
    const { accepted, lastUpdateCallAt } = await world.stats();
    if (accepted >= before + SMALL) return (lastUpdateCallAt ?? begun) - begun;
    await sleep(20);
  }
}
