/** The runs of a campaign's waves, each a workflow of its own: started, told what to do, and followed to their end. */
import {
  CancellationScope,
  executeChild,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  ParentClosePolicy,
} from '@temporalio/workflow';
import type { CampaignPlan, PlannedWave } from '../activities/types.ts';
import { campaignWave } from './campaign-wave.ts';
import { logged } from './logged.ts';
import { type WaveCommand, waveCommandSignal, type WaveNews } from './messages.ts';
import { waveWorkflowId } from './names.ts';
import type { Batch } from './policy/sizing.ts';
import { CAMPAIGN_ID, TARGET_VERSION } from './search-attributes.ts';
import type { SagaStep } from './types.ts';

/** A run of a wave that has been started, as the campaign sees it. */
export interface WaveRun {
  step: SagaStep;
  wave: number;
  dispatched: boolean;
  /** Epoch ms of the next opening of the maintenance windows, where it waits for one. */
  opensAt: number | null;
  ended: boolean;
  result: Promise<void>;
}

export interface CampaignRuns {
  /** In the order in which they were started. */
  readonly all: readonly WaveRun[];
  start(wave: PlannedWave, lanes: Batch[], step: SagaStep): WaveRun;
  /** Takes what a run says of itself. @returns the run; undefined for one that was not started here */
  take(news: WaveNews): WaveRun | undefined;
  /** Tells those that still ask for updates: a roll-back asks the database whether it is paused. */
  tell(command: WaveCommand): void;
}

export interface RunsOptions {
  campaignId: string;
  plan: () => CampaignPlan;
  isPaused: () => boolean;
}

export function openCampaignRuns({ campaignId, plan, isPaused }: RunsOptions): CampaignRuns {
  const all: WaveRun[] = [];

  return {
    all,
    start(wave, lanes, step) {
      const run = all.length;
      const started: WaveRun = {
        step,
        wave: wave.wave,
        dispatched: false,
        opensAt: null,
        ended: false,
        result: Promise.resolve(),
      };
      all.push(started);
      started.result = follow(execute(wave, lanes, step, run), started);
      return started;
    },
    take({ run, dispatched, opensAt }) {
      const found = all[run];
      if (found) Object.assign(found, { dispatched: found.dispatched || dispatched, opensAt });
      return found;
    },
    tell(command) {
      for (const [run, { step, ended }] of all.entries()) {
        if (step === 'update' && !ended) signal(run, command).catch(logged);
      }
    },
  };

  function execute({ wave, name }: PlannedWave, lanes: Batch[], step: SagaStep, run: number): Promise<void> {
    const { targetVersion, total, policy } = plan();
    const { polling, deadlineSeconds, retry, onFailure, rate, maintenance } = policy;
    return executeChild(campaignWave, {
      workflowId: waveWorkflowId(campaignId, run),
      args: [
        {
          campaignId,
          wave,
          name,
          run,
          targetVersion,
          lanes,
          campaignTotal: total,
          step,
          rate,
          windowed: maintenance !== null,
          paused: isPaused(),
          policy: { polling, deadlineSeconds, retry, onFailure },
        },
      ],
      // A campaign that somebody terminates asks for nothing more; its shards follow what was asked for.
      parentClosePolicy: ParentClosePolicy.TERMINATE,
      staticSummary: `wave ${wave}, ${name} → ${step === 'update' ? targetVersion : 'previous version'}`,
      typedSearchAttributes: [
        { key: CAMPAIGN_ID, value: campaignId },
        { key: TARGET_VERSION, value: targetVersion },
      ],
    });
  }

  async function follow(child: Promise<void>, started: WaveRun): Promise<void> {
    try {
      await child;
    } catch (error) {
      if (isCancellation(error)) throw error;
      // closeCampaign settles what a terminated wave leaves open, and says why.
      log.warn('a wave has ended without a result', { wave: started.wave, error });
    }
    Object.assign(started, { dispatched: true, ended: true, opensAt: null });
  }

  async function signal(run: number, command: WaveCommand): Promise<void> {
    const handle = getExternalWorkflowHandle(waveWorkflowId(campaignId, run));
    await CancellationScope.nonCancellable(() =>
      handle.signal(waveCommandSignal, command, { rate: plan().policy.rate }),
    );
  }
}
