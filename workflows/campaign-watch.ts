/** Keeps a campaign's counts near the truth without a signal per terminal, and acts on what they mean. */
import { CancellationScope, isCancellation, proxyActivities, sleep } from '@temporalio/workflow';
import type { CampaignActivities, ProgressAnswer, ProgressReport } from '../activities/types.ts';
import type { CommandDesk } from './command-desk.ts';
import { CAMPAIGN_TASK_QUEUE } from './names.ts';
import { platform } from './platform.ts';
import { describeFailures, failures, judgeWaves, type WaveRules, type WaveVerdict } from './policy/gates.ts';
import { describeInterval } from './policy/polling.ts';
import { progressStep } from './policy/progress.ts';
import type { CampaignPolicy } from './policy/types.ts';
import type { StatusCounts } from './status.ts';

export interface CampaignWatch {
  /** What was seen last. */
  readonly report: ProgressReport;
  countsOf(wave: number): StatusCounts;
  gate(wave: number): WaveVerdict['gate'];
  /** Takes what somebody else has read. */
  take(report: ProgressReport): void;
  /** Watches from now on. */
  start(): void;
  /** Something has changed by which waves are judged. */
  restart(): void;
  /** Reads and judges the counts as they are now: the last terminals of a campaign may be the ones too many. */
  judgeOnceMore(): Promise<void>;
  close(): Promise<void>;
}

export interface WatchOptions {
  campaignId: string;
  desk: CommandDesk;
  policy: () => CampaignPolicy;
  total: () => number;
  /** The waves that have been started. */
  waves: () => number[];
  /** Whether a pause would keep anything from being asked for. */
  isSomethingLeft: () => boolean;
  /** Whether the campaign waits for a maintenance window: no news is expected. */
  isWaiting: () => boolean;
  changed: () => void;
}

/**
 * What changes together is looked at once; and the look that is out of date is not called off in the same step in
 * which waves are told, which Temporal's test server gets wrong when the look ends at that very moment.
 */
const SETTLING_MS = 500;

export function openCampaignWatch(options: WatchOptions): CampaignWatch {
  const { campaignId, desk } = options;
  const forgiven = new Map<number, number>();
  let report: ProgressReport = { counts: {}, waves: [], compensations: {} };
  let looking = new CancellationScope();
  const state = { closed: false };
  let since = Date.now();
  let loop: Promise<void> | undefined;
  let restarting: Promise<void> | undefined;

  return {
    get report() {
      return report;
    },
    countsOf,
    gate: (wave) => verdicts().find((verdict) => verdict.wave === wave)?.gate ?? 'open',
    take,
    start: () => void (loop ??= keepLooking()),
    restart() {
      since = Date.now();
      // Commands come in the workflow's own scope, which a cancellation request in Temporal has ended.
      restarting ??= CancellationScope.nonCancellable(lookAnew);
    },
    async judgeOnceMore() {
      const { awaitProgress } = reader(1);
      judge(await awaitProgress(input(0)));
    },
    async close() {
      state.closed = true;
      await restarting;
      looking.cancel();
      await loop;
    },
  };

  async function lookAnew(): Promise<void> {
    await sleep(SETTLING_MS);
    restarting = undefined;
    looking.cancel();
  }

  async function keepLooking(): Promise<void> {
    while (!state.closed) {
      looking = new CancellationScope();
      try {
        judge(await looking.run(lookOnce));
      } catch (error) {
        if (!isCancellation(error)) throw error;
      }
    }
  }

  function lookOnce(): Promise<ProgressAnswer> {
    const { awaitProgress } = reader(options.policy().progressEverySeconds);
    return awaitProgress(input(progressStep(options.total())));
  }

  function input(step: number): Parameters<CampaignActivities['awaitProgress']>[0] {
    const { stallSeconds, deadlineSeconds } = options.policy();
    const isIdle = desk.paused || desk.stop !== null || options.isWaiting();
    return {
      campaignId,
      seen: report.counts,
      step,
      anyChangeFrom: Date.now() + Math.max(300_000, (deadlineSeconds * 1000) / 50),
      rules: rules(),
      verdicts: verdicts(),
      stall: stallSeconds === null || isIdle ? null : { seconds: stallSeconds, since },
    };
  }

  function take(seen: ProgressReport): void {
    report = { counts: seen.counts, waves: seen.waves, compensations: seen.compensations };
    options.changed();
  }

  function judge(answer: ProgressAnswer): void {
    take(answer);
    if (desk.stop) return;
    for (const { wave, over } of verdicts()) if (over) fire(wave);
    if (answer.stalled) stall();
  }

  /** Too many have failed: what the policy says, once; after that as many again must fail. */
  function fire(wave: number): void {
    const { failureThreshold: threshold } = options.policy();
    if (!threshold) return;
    const counts = countsOf(wave);
    const reason = `wave ${wave}: ${describeFailures(threshold, counts)}`;
    forgiven.set(wave, failures(counts, threshold));
    alert('threshold-reached', reason);
    if (threshold.action !== 'pause') desk.abort(threshold.action === 'roll-back', reason);
    else if (options.isSomethingLeft()) desk.pause(reason);
  }

  function stall(): void {
    const { stallSeconds } = options.policy();
    const reason = `no news of any terminal for ${describeInterval(stallSeconds ?? 0)}`;
    alert('stalled', reason);
    desk.pause(reason);
    since = Date.now();
  }

  function alert(type: Parameters<CampaignActivities['raiseAlert']>[0]['type'], reason: string): void {
    platform.raiseAlert({ campaignId, type, reason }).catch(() => undefined);
  }

  function rules(): WaveRules[] {
    if (desk.stop) return [];
    const { waves, failureThreshold } = options.policy();
    return options.waves().map((wave) => ({
      wave,
      gate: { minSuccessPercent: waves[wave - 1]?.gate.minSuccessPercent ?? 0 },
      threshold: failureThreshold,
      forgiven: forgiven.get(wave) ?? 0,
    }));
  }

  function verdicts(): WaveVerdict[] {
    return judgeWaves(rules(), report.waves);
  }

  function countsOf(wave: number): StatusCounts {
    return report.waves.find((each) => each.wave === wave)?.counts ?? {};
  }
}

function reader(everySeconds: number): Pick<CampaignActivities, 'awaitProgress'> {
  const interval = everySeconds * 1000;
  return proxyActivities<CampaignActivities>({
    taskQueue: CAMPAIGN_TASK_QUEUE,
    summary: 'wait until the counts say something new',
    startToCloseTimeout: '1 minute',
    retry: { initialInterval: interval, backoffCoefficient: 1, maximumInterval: interval },
  });
}
