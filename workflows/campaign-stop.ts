/** How a campaign ends before its time: what is open is cancelled, and what was changed is rolled back where that was asked for. */
import { condition, proxyActivities } from '@temporalio/workflow';
import type { CampaignActivities, CampaignPlan, TmsActivities } from '../activities/types.ts';
import type { CampaignJournal } from './campaign-journal.ts';
import type { CampaignRuns, WaveRun } from './campaign-runs.ts';
import type { CommandDesk } from './command-desk.ts';
import { logged } from './logged.ts';
import { CAMPAIGN_TASK_QUEUE, tmsTaskQueue } from './names.ts';
import { platform } from './platform.ts';
import { describeInterval } from './policy/polling.ts';

/** How long trackers that were told to end have for it, before the campaign ends without them. */
const FORCED_GRACE = '2 minutes';

const { cancelTrackers } = proxyActivities<CampaignActivities>({
  taskQueue: CAMPAIGN_TASK_QUEUE,
  summary: 'tell the trackers',
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '30 seconds',
});

export interface StopOptions {
  campaignId: string;
  plan: CampaignPlan;
  desk: CommandDesk;
  journal: CampaignJournal;
  runs: CampaignRuns;
}

/** Nothing more is asked for; the TMS cancels what it has not begun; the rest ends by what happens, in time. */
export async function cancelOpen({ campaignId, plan, desk, journal, runs }: StopOptions): Promise<void> {
  const { cancelWithinSeconds } = plan.policy;
  journal.cancelWaves();
  const limit = cancelWithinSeconds * 1000;
  journal.wait('what is under way to end', Date.now() + limit);
  // What a dispatch was answered while it was told to stop is recorded before the rest is settled.
  await condition(() => runs.all.every(({ dispatched }) => dispatched), limit);
  await platform.cancelPending(campaignId, 'cancelled');
  const all = Promise.all(runs.all.map(({ result }) => result));
  let allEnded = false;
  const finished = all.then(() => void (allEnded = true));
  // Not waited for: what the TMSs don't answer must not keep the campaign from its end.
  if (!desk.forced) askToCancel(campaignId, plan).catch(logged);
  await condition(() => desk.forced || allEnded, limit);
  if (!allEnded) {
    if (!desk.forced)
      desk.giveUpWaiting(`the cancellation was not over within ${describeInterval(cancelWithinSeconds)}`);
    await cancelTrackers(campaignId, true);
    await Promise.race([finished, condition(() => allEnded, FORCED_GRACE)]);
  }
  await desk.drained();
  journal.wait(null);
}

async function askToCancel(campaignId: string, { waves }: CampaignPlan): Promise<void> {
  const names = new Set(waves.flatMap(({ lanes }) => lanes.map(({ tms }) => tms)));
  await Promise.all([...names].map((tms) => canceller(tms).cancelUpdates(campaignId, tms).catch(logged)));
  await cancelTrackers(campaignId, false);
}

function canceller(tms: string): Pick<TmsActivities, 'cancelUpdates'> {
  return proxyActivities<TmsActivities>({
    taskQueue: tmsTaskQueue(tms),
    summary: `ask ${tms} to cancel what it has not begun`,
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: '30 seconds',
    retry: { maximumInterval: '30 seconds' },
  });
}

/**
 * Brings back what the campaign has changed, newest wave first: each wave asked for before the one before it.
 * @param start starts the roll-back of a wave
 */
export async function rollBackChanges(
  { campaignId, plan, desk, journal, runs }: StopOptions,
  start: (wave: CampaignPlan['waves'][number]) => WaveRun,
): Promise<void> {
  journal.wait('the roll-back of what it has changed');
  const begun = plan.waves.filter(({ wave }) => runs.all.some((run) => run.wave === wave)).toReversed();
  const started: WaveRun[] = [];
  for (const wave of begun) {
    if (desk.rollBackCalledOff || desk.forced) break;
    await condition(() => !desk.paused || desk.forced);
    const run = start(wave);
    started.push(run);
    await condition(() => run.dispatched || desk.rollBackCalledOff || desk.forced);
  }
  let allEnded = false;
  const finished = Promise.all(started.map(({ result }) => result)).then(() => void (allEnded = true));
  await condition(() => allEnded || desk.rollBackCalledOff || desk.forced);
  if (!allEnded) await platform.callOffRollBack(campaignId);
  await Promise.race([finished, condition(() => allEnded || desk.forced)]);
  journal.wait(null);
}
