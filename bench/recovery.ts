/**
 * SIGKILL of each process in turn while terminals are asked for, followed and settled all the time: how long each kind of
 * work stands still, and whether anything is lost or done twice. The baseline is the longest standstill while nothing is
 * killed. The terminals are those of several campaigns: at a rate, one campaign follows a minute's terminals together, and
 * would stand still by itself between one minute's and the next.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { positive, progress } from './boundary.ts';
import {
  addFleet,
  type BenchPlatform,
  type BenchPolicy,
  launch,
  positiveNumber,
  round,
  untilEnded,
  withPlatform,
} from './campaign-bench.ts';
import { pidOf } from './processes.ts';
import { reckon } from './reckoning.ts';
import { type Watch, watchWork } from './standstill.ts';

const VICTIMS = [
  'api',
  'orchestrator',
  'tms',
  'relay',
  'consumers',
  'temporal',
  'kafka',
  'postgres',
] as const;
const CAMPAIGNS = 8;
/** Seconds from a terminal's request until it is done: spread, so that some settle all the time. */
const LIFE_SECONDS = { from: 20, to: 60 };
const LOOK_EVERY_SECONDS = 10;
/** Until all kinds of work are under way: at a rate a batch is a minute, and is followed from its end on. */
const START_SECONDS = 120;
/** Longest that work is waited for beyond a victim's time. */
const GIVEN_UP_MS = 120_000;

export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      terminals: { type: 'string', default: '3000' },
      victims: { type: 'string', default: VICTIMS.join() },
      // Seconds from one kill to the next.
      every: { type: 'string', default: '30' },
    },
  });
  const terminals = positive(values.terminals);
  const victims = values.victims.split(',');
  const every = positiveNumber(values.every);
  const unknown = victims.find((victim) => !VICTIMS.some((known) => known === victim));
  if (unknown !== undefined) throw new Error(`--victims are of ${VICTIMS.join(', ')}; not "${unknown}".`);
  const behaviour = {
    queueSeconds: { min: LIFE_SECONDS.from / 2, max: LIFE_SECONDS.to / 2 },
    downloadSeconds: { min: LIFE_SECONDS.from / 2, max: LIFE_SECONDS.to / 2 },
    installSeconds: { min: 0, max: 1 },
    latencyMs: { min: 1, max: 5 },
  };
  return withPlatform({ alpha: behaviour, beta: behaviour }, async (platform) => {
    // Terminals left to be asked for, and some of them to be settled, when the last process is killed.
    const seconds = START_SECONDS + every * (victims.length + 1) + LIFE_SECONDS.to;
    const each = Math.ceil(terminals / CAMPAIGNS);
    const perMinute = round((each / seconds) * 60, 1);
    progress(`${CAMPAIGNS} campaigns over ${each} terminals, ${perMinute} a minute each`);
    const campaignIds: string[] = [];
    for (let number = 0; number < CAMPAIGNS; number++) {
      const fleet = await addFleet(platform, each, ['alpha', 'beta']);
      const { campaignId } = await launch(platform, fleet.targets, policyAt(perMinute));
      campaignIds.push(campaignId);
      await sleep(60_000 / CAMPAIGNS);
    }
    const watch = watchWork(platform, campaignIds, each * CAMPAIGNS);
    try {
      await untilInFullSwing(watch);
      const baseline = await standstillsOf(watch, every);
      const baselineMs = Math.max(...Object.values(baseline));
      progress(`  nothing killed: longest standstill ${baselineMs} ms`);
      const byVictim: Record<string, Record<string, number>> = {};
      for (const victim of victims) byVictim[victim] = await kill(platform, watch, victim, every);
      progress('waiting for the end');
      const ends = await Promise.all(campaignIds.map((campaignId) => untilEnded(platform, campaignId)));
      const worst = Object.entries(byVictim).map(
        ([victim, signs]) => [victim, Math.max(...Object.values(signs))] as const,
      );
      const goOnMs = Math.max(...worst.map(([, ms]) => ms));
      return {
        terminals: each * CAMPAIGNS,
        perMinute: round(perMinute * CAMPAIGNS, 1),
        goOnMs,
        goOnMsByVictim: Object.fromEntries(worst),
        baselineMs,
        ratio: round(goOnMs / baselineMs, 1),
        ...(await reckon(platform, ...campaignIds)),
        ends: Object.fromEntries(
          [...Map.groupBy(ends, ({ status }) => status)].map(([status, some]) => [status, some.length]),
        ),
        final: ends.reduce((sum, { final }) => sum + final, 0),
        standstillsMs: { nothing: baseline, ...byVictim },
      };
    } finally {
      await watch.stop();
    }
  });
}

function policyAt(perMinute: number): BenchPolicy {
  return {
    polling: { windows: [{ everySeconds: LOOK_EVERY_SECONDS, attempts: 200 }] },
    deadlineSeconds: 1_800,
    rate: { perMinute },
  };
}

/** All kinds of work are under way: terminals settle while others are asked for. */
async function untilInFullSwing(watch: Watch): Promise<void> {
  await sleep(1_000);
  const started = Date.now();
  while (!watch.allMovedSince(started)) await sleep(200);
  await sleep(LIFE_SECONDS.from * 1_000);
}

async function kill(
  { stack }: BenchPlatform,
  watch: Watch,
  victim: string,
  every: number,
): Promise<Record<string, number>> {
  if (pidOf(stack, victim) === undefined) throw new Error(`${victim} does not run here.`);
  stack.process(victim).kill('SIGKILL');
  const signs = await standstillsOf(watch, every);
  const [slowest, ms] = Object.entries(signs).toSorted(([, a], [, b]) => b - a)[0] ?? [];
  progress(`  ${victim} killed: ${slowest} stood still for ${ms} ms`);
  return signs;
}

/**
 * The standstills from now on for so many seconds, and on until everything has moved after them: what was under way when
 * a process was killed may still bring news of it.
 */
async function standstillsOf(watch: Watch, seconds: number): Promise<Record<string, number>> {
  const since = Date.now();
  await sleep(seconds * 1_000);
  const due = Date.now();
  while (!watch.allMovedSince(due) && Date.now() < due + GIVEN_UP_MS) await sleep(200);
  return watch.standstills(since);
}
