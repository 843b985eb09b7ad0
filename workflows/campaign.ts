/** A campaign: starts its waves one after the other as its policy says, watches them, and can be stopped. */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { CampaignPlan, PlannedWave } from '../activities/types.ts';
import { passGate } from './campaign-gate.ts';
import { openCampaignIntake } from './campaign-intake.ts';
import { openCampaignJournal } from './campaign-journal.ts';
import { openCampaignRuns, type WaveRun } from './campaign-runs.ts';
import { cancelOpen, rollBackChanges } from './campaign-stop.ts';
import { openCampaignWatch } from './campaign-watch.ts';
import { openCommandDesk, type Taken } from './command-desk.ts';
import { changePolicyUpdate, type PolicyChangeRequest, progressQuery, waveNewsSignal } from './messages.ts';
import { platform } from './platform.ts';
import { refuseChange } from './policy/change.ts';
import { sumOf } from './policy/gates.ts';
import { describeProgress, estimateEnd, ratePerMinute } from './policy/progress.ts';
import { type Batch, countTerminals } from './policy/sizing.ts';
import { UPDATE_STATUS } from './search-attributes.ts';
import { type CampaignStatus, countFinal } from './status.ts';
import type { CampaignInput, CampaignProgress, SagaStep } from './types.ts';

export async function campaign({ campaignId }: CampaignInput): Promise<CampaignProgress> {
  const startedAt = Date.now();
  let plan: CampaignPlan | undefined;
  let status: CampaignStatus = 'SCHEDULED';
  let ended = false;
  /** The campaign's end has come before every terminal had its turn. */
  let overdue = false;
  let policyChanges = 0;
  let currentWave = 1;

  const desk = openCommandDesk({ record: recordDecision, changed: onCommand });
  const journal = openCampaignJournal({ campaignId, changed: show });
  const runs = openCampaignRuns({
    campaignId,
    plan: () => plan as CampaignPlan,
    isPaused: () => desk.paused,
  });
  const watch = openCampaignWatch({
    campaignId,
    desk,
    policy,
    total: () => plan?.total ?? 0,
    waves: () => [...new Set(runs.all.map(({ wave }) => wave))],
    isSomethingLeft,
    isWaiting: () => runs.all.some(({ opensAt }) => opensAt !== null),
    changed: show,
  });
  const intake = openCampaignIntake({
    campaignId,
    isOver,
    start(wave, lanes) {
      (plan as CampaignPlan).total += countTerminals(lanes);
      startWave(wave, lanes, 'update');
    },
  });
  setHandler(progressQuery, progress);
  setHandler(waveNewsSignal, (news) => {
    const run = runs.take(news);
    if (!run) return;
    if (news.dispatched && run.step === 'update' && !isSomethingLeft()) markDispatched();
    watch.restart();
    waitForWindows();
  });
  setHandler(changePolicyUpdate, changePolicy, {
    validator: ({ change }) => {
      const refusal = ended ? 'the campaign has ended' : refuseChange(change);
      if (refusal) throw new Error(refusal);
    },
  });
  desk.listen();
  return CancellationScope.nonCancellable(carryOut);

  async function carryOut(): Promise<CampaignProgress> {
    plan = await open();
    if (!desk.stop) await runWaves(plan);
    if (overdue && !desk.stop) await platform.cancelPending(campaignId, 'campaign-ended');
    await watch.judgeOnceMore();
    const stopping = { campaignId, plan, desk, journal, runs };
    if (desk.stop) await cancelOpen(stopping);
    if (desk.stop?.rollBack)
      await rollBackChanges(stopping, (wave) => startWave(wave, wave.lanes, 'roll-back'));
    await desk.drained();
    await watch.close();
    await journal.written();
    await condition(allHandlersFinished);
    status = desk.stop ? (desk.stop.how === 'abort' ? 'ABORTED' : 'CANCELLED') : 'COMPLETED';
    watch.take(await platform.closeCampaign(campaignId, status));
    ended = true;
    journal.close();
    show();
    return progress();
  }

  /** Waits for approval and for the time to start, where there is either. @returns the plan of a campaign that runs */
  async function open(): Promise<CampaignPlan> {
    let opened = take(await platform.openCampaign(campaignId));
    if (opened.needsApproval && !desk.stop) {
      desk.expectApproval(opened.createdBy);
      journal.wait('the approval of somebody other than its author');
      await condition(() => desk.approvals > 0 || desk.stop !== null);
      await desk.drained();
      if (!desk.stop) status = 'SCHEDULED';
    }
    const startAt = opened.policy.startAt === null ? 0 : Date.parse(opened.policy.startAt);
    if (startAt > Date.now() && !desk.stop) {
      journal.wait('its time to start', startAt);
      await condition(() => desk.stop !== null, startAt - Date.now());
    }
    if (!desk.stop && !opened.started) opened = take(await platform.openCampaign(campaignId));
    journal.wait(null);
    return opened;
  }

  function take(opened: CampaignPlan): CampaignPlan {
    plan = opened;
    if (!desk.stop)
      status = opened.needsApproval ? 'PENDING_APPROVAL' : opened.started ? 'RUNNING' : 'SCHEDULED';
    journal.expect(opened.waves);
    watch.take({ counts: sumOf(opened.waveCounts), waves: opened.waveCounts, compensations: {} });
    show();
    return opened;
  }

  async function runWaves({ waves }: CampaignPlan): Promise<void> {
    const gate = { desk, watch, journal, policy: policy(), waves: waves.length, isOver };
    const ending = new CancellationScope();
    ending.run(untilEnd).catch(() => undefined);
    watch.start();
    for (const [index, wave] of waves.entries()) {
      if (isOver()) break;
      currentWave = wave.wave;
      startWave(wave, wave.lanes, 'update');
      if (index < waves.length - 1) await passGate(wave, gate);
    }
    if (policy().membership === 'dynamic') await intake.joiners(waves.at(-1), policy().endAt);
    if (plan?.keepOpenSeconds) await intake.orders(waves.at(-1), plan.keepOpenSeconds);
    await Promise.race([Promise.all(runs.all.map(({ result }) => result)), desk.untilStopped()]);
    ending.cancel();
    if (!desk.stop && waves.length > 0) journal.setState(currentWave, 'PASSED');
  }

  function startWave(wave: PlannedWave, lanes: Batch[], step: SagaStep): WaveRun {
    if (step === 'update' && journal.stateOf(wave.wave) !== 'PASSED') journal.setState(wave.wave, 'RUNNING');
    const run = runs.start(wave, lanes, step);
    watch.restart();
    return run;
  }

  function markDispatched(): void {
    if (!desk.stop && !overdue) journal.enqueue(() => platform.markDispatched(campaignId));
  }

  /** The campaign's end: what was asked for is followed, nothing more is asked for. */
  async function untilEnd(): Promise<void> {
    for (;;) {
      const seen = policyChanges;
      const { endAt } = policy();
      const changed = (): boolean => policyChanges !== seen;
      if (endAt === null) await condition(changed);
      else if (!(await condition(changed, Math.max(1, Date.parse(endAt) - Date.now())))) break;
    }
    overdue = true;
    runs.tell('stop');
    show();
  }

  async function changePolicy({ change, by, reason, ...ids }: PolicyChangeRequest): Promise<string[]> {
    await condition(() => plan !== undefined);
    await CancellationScope.nonCancellable(() =>
      platform.changePolicy({ campaignId, change, by: by ?? 'temporal', reason: reason ?? null, ...ids }),
    );
    Object.assign(policy(), change);
    policyChanges++;
    runs.tell('reload');
    watch.restart();
    show();
    return Object.keys(change);
  }

  function policy(): CampaignPlan['policy'] {
    return (plan as CampaignPlan).policy;
  }

  function isOver(): boolean {
    return desk.stop !== null || overdue;
  }

  /** Whether a pause would keep anything from being asked for. */
  function isSomethingLeft(): boolean {
    return runs.all.some(({ dispatched }) => !dispatched) || runs.all.length < (plan?.waves.length ?? 0);
  }

  function onCommand(): void {
    if (desk.stop) status = 'CANCELLING';
    runs.tell(desk.stop ? 'stop' : desk.paused ? 'pause' : 'resume');
    watch.restart();
    show();
  }

  async function recordDecision(taken: Taken): Promise<void> {
    await platform.recordDecision({ campaignId, ...taken, status: statusAfter(taken) });
  }

  function statusAfter({ command }: Taken): CampaignStatus | null {
    if (command === 'pause') return 'PAUSED';
    if (command === 'refuse-approval') return null;
    if (desk.paused) return null;
    return command === 'approve' && status === 'PENDING_APPROVAL' ? 'SCHEDULED' : status;
  }

  function waitForWindows(): void {
    if (desk.stop || currentGateWaits()) return;
    const openings = runs.all.flatMap(({ opensAt }) => opensAt ?? []);
    if (openings.length > 0) journal.wait('the maintenance windows to open', Math.min(...openings));
    else journal.wait(null);
  }

  function currentGateWaits(): boolean {
    return ['SOAKING', 'AWAITING_APPROVAL', 'FAILED'].includes(journal.stateOf(currentWave));
  }

  function progress(): CampaignProgress {
    const { counts, compensations } = watch.report;
    const final = countFinal(counts);
    const total = plan?.total ?? 0;
    const elapsed = { from: startedAt, to: Date.now() };
    return {
      campaignId,
      status: desk.paused && !ended ? 'PAUSED' : status,
      targetVersion: plan?.targetVersion ?? '',
      total,
      counts,
      final,
      wave: { current: currentWave, of: plan?.waves.length ?? 1 },
      waves: (plan?.waves ?? []).map(({ wave, name, total: terminals }) => ({
        wave,
        name,
        state: journal.stateOf(wave),
        total: terminals,
        counts: watch.countsOf(wave),
      })),
      waitingFor: journal.waitingFor,
      ...(Object.keys(compensations).length > 0 && { compensations }),
      ratePerMinute: ratePerMinute(final, elapsed),
      estimatedEnd: ended ? null : estimateEnd({ final, total, ...elapsed }),
      lastCommand: desk.last,
    };
  }

  /** What the campaign's page in the Temporal Web UI says. */
  function show(): void {
    const now = progress();
    const upserted = workflowInfo().typedSearchAttributes.get(UPDATE_STATUS);
    if (upserted !== now.status) upsertSearchAttributes([{ key: UPDATE_STATUS, value: now.status }]);
    setCurrentDetails(describeProgress(now));
  }
}
