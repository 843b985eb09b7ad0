/** A campaign: starts its waves one after the other as its policy says, watches them, and can be stopped. */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  executeChild,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  ParentClosePolicy,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { CampaignActivities, CampaignPlan, PlannedWave, TmsActivities } from '../activities/types.ts';
import { openCampaignIntake } from './campaign-intake.ts';
import { openCampaignWatch } from './campaign-watch.ts';
import { campaignWave } from './campaign-wave.ts';
import { openCommandDesk, type Taken } from './command-desk.ts';
import {
  changePolicyUpdate,
  type PolicyChangeRequest,
  progressQuery,
  type WaveCommand,
  waveCommandSignal,
  waveNewsSignal,
} from './messages.ts';
import { CAMPAIGN_TASK_QUEUE, tmsTaskQueue, waveWorkflowId } from './names.ts';
import { platform } from './platform.ts';
import { refuseChange } from './policy/change.ts';
import { describeShortfall, sumOf } from './policy/gates.ts';
import { describeInterval } from './policy/polling.ts';
import { describeProgress, estimateEnd, ratePerMinute } from './policy/progress.ts';
import { type Batch, countTerminals } from './policy/sizing.ts';
import type { FailureAction } from './policy/types.ts';
import { CAMPAIGN_ID, TARGET_VERSION, UPDATE_STATUS } from './search-attributes.ts';
import { type CampaignStatus, countFinal } from './status.ts';
import type { CampaignInput, CampaignProgress, SagaStep, WaveState } from './types.ts';

/** How long trackers that were told to end have for it, before the campaign ends without them. */
const FORCED_GRACE = '2 minutes';

const { cancelTrackers } = proxyActivities<CampaignActivities>({
  taskQueue: CAMPAIGN_TASK_QUEUE,
  summary: 'tell the trackers',
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '30 seconds',
});

/** A run of a wave that has been started, as the campaign sees it. */
interface WaveRun {
  step: SagaStep;
  wave: number;
  dispatched: boolean;
  /** Epoch ms of the next opening of the maintenance windows, where it waits for one. */
  opensAt: number | null;
  ended: boolean;
  signal(command: WaveCommand): Promise<void>;
  result: Promise<void>;
}

export async function campaign({ campaignId }: CampaignInput): Promise<CampaignProgress> {
  const startedAt = Date.now();
  let plan: CampaignPlan | undefined;
  let status: CampaignStatus = 'SCHEDULED';
  let ended = false;
  /** The campaign's end has come before every terminal had its turn. */
  let overdue = false;
  let policyChanges = 0;
  let waitingFor: CampaignProgress['waitingFor'] = null;
  let currentWave = 1;
  const states = new Map<number, WaveState>();
  const runs: WaveRun[] = [];
  let writes = Promise.resolve();

  const desk = openCommandDesk({ record: recordDecision, changed: onCommand });
  const watch = openCampaignWatch({
    campaignId,
    desk,
    policy,
    total: () => plan?.total ?? 0,
    waves: () => [...new Set(runs.map(({ wave }) => wave))],
    isSomethingLeft,
    isWaiting: () => runs.some(({ opensAt }) => opensAt !== null),
    changed: () => show(),
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
  setHandler(waveNewsSignal, ({ run, dispatched, opensAt }) => {
    const found = runs[run];
    if (!found) return;
    Object.assign(found, { dispatched: found.dispatched || dispatched, opensAt });
    if (dispatched && found.step === 'update' && !isSomethingLeft()) markDispatched();
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
    if (desk.stop) await stop(plan);
    if (desk.stop?.rollBack) await rollBack(plan);
    await desk.drained();
    await watch.close();
    await writes;
    await condition(allHandlersFinished);
    status = desk.stop ? (desk.stop.how === 'abort' ? 'ABORTED' : 'CANCELLED') : 'COMPLETED';
    watch.take(await platform.closeCampaign(campaignId, status));
    ended = true;
    waitingFor = null;
    show();
    return progress();
  }

  /** Waits for approval and for the time to start, where there is either. @returns the plan of a campaign that runs */
  async function open(): Promise<CampaignPlan> {
    let opened = take(await platform.openCampaign(campaignId));
    if (opened.needsApproval && !desk.stop) {
      desk.expectApproval(opened.createdBy);
      wait('the approval of somebody other than its author');
      await condition(() => desk.approvals > 0 || desk.stop !== null);
      await desk.drained();
      if (!desk.stop) status = 'SCHEDULED';
    }
    const startAt = opened.policy.startAt === null ? 0 : Date.parse(opened.policy.startAt);
    if (startAt > Date.now() && !desk.stop) {
      wait('its time to start', startAt);
      await condition(() => desk.stop !== null, startAt - Date.now());
    }
    if (!desk.stop && !opened.started) opened = take(await platform.openCampaign(campaignId));
    wait(null);
    return opened;
  }

  function take(opened: CampaignPlan): CampaignPlan {
    plan = opened;
    if (!desk.stop)
      status = opened.needsApproval ? 'PENDING_APPROVAL' : opened.started ? 'RUNNING' : 'SCHEDULED';
    for (const { wave } of opened.waves) if (!states.has(wave)) states.set(wave, 'WAITING');
    watch.take({ counts: sumOf(opened.waveCounts), waves: opened.waveCounts, compensations: {} });
    show();
    return opened;
  }

  async function runWaves({ waves }: CampaignPlan): Promise<void> {
    const ending = new CancellationScope();
    ending.run(untilEnd).catch(() => undefined);
    watch.start();
    for (const [index, wave] of waves.entries()) {
      if (isOver()) break;
      currentWave = wave.wave;
      startWave(wave, wave.lanes, 'update');
      if (index < waves.length - 1) await passGate(wave);
    }
    if (policy().membership === 'dynamic') await intake.joiners(waves.at(-1), policy().endAt);
    if (plan?.keepOpenSeconds) await intake.orders(waves.at(-1), plan.keepOpenSeconds);
    await Promise.race([Promise.all(runs.map(({ result }) => result)), desk.untilStopped()]);
    ending.cancel();
    if (!desk.stop && waves.length > 0) setState(currentWave, 'PASSED');
  }

  function startWave({ wave, name }: PlannedWave, lanes: Batch[], step: SagaStep): WaveRun {
    const { targetVersion, total } = plan as CampaignPlan;
    const run = runs.length;
    const { polling, deadlineSeconds, retry, onFailure, rate, maintenance } = policy();
    const started: WaveRun = {
      step,
      wave,
      dispatched: false,
      opensAt: null,
      ended: false,
      signal: (command) => tellWave(run, command),
      result: Promise.resolve(),
    };
    runs.push(started);
    if (step === 'update' && states.get(wave) !== 'PASSED') setState(wave, 'RUNNING');
    started.result = followWave(
      executeChild(campaignWave, {
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
            paused: desk.paused,
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
      }),
      started,
    );
    watch.restart();
    return started;
  }

  async function followWave(child: Promise<void>, started: WaveRun): Promise<void> {
    try {
      await child;
    } catch (error) {
      if (isCancellation(error)) throw error;
      // closeCampaign settles what a terminated wave leaves open, and says why.
      log.warn('a wave has ended without a result', { wave: started.wave, error });
    }
    Object.assign(started, { dispatched: true, ended: true, opensAt: null });
  }

  function markDispatched(): void {
    if (!desk.stop && !overdue) enqueue(() => platform.markDispatched(campaignId));
  }

  /** Resolves once the wave after this one may start, or none may any more. */
  async function passGate({ wave, name }: PlannedWave): Promise<void> {
    const { gate } = policy().waves[wave - 1] ?? { gate: null };
    if (!gate) return;
    const advances = desk.advances;
    const isForced = (): boolean => isOver() || desk.advances > advances;
    desk.expectAdvance('by-order');
    await condition(() => isForced() || watch.gate(wave) !== 'open');
    if (!isForced() && watch.gate(wave) === 'short') {
      // Whoever paused before must not wave the gate through by resuming.
      await condition(() => isForced() || !desk.paused);
      const why = `wave ${wave} (${name}): ${describeShortfall(gate, watch.countsOf(wave))}`;
      setState(wave, 'FAILED', why);
      act(gate.onFailure, why);
      desk.expectAdvance('by-resume');
      wait(`a decision: ${why}`);
      await condition(isForced);
    } else if (!isForced() && gate.soakSeconds > 0) {
      const until = Date.now() + gate.soakSeconds * 1000;
      setState(wave, 'SOAKING', new Date(until).toISOString());
      wait(
        `wave ${wave} of ${(plan as CampaignPlan).waves.length}, soaking ${describeInterval(gate.soakSeconds)}`,
        until,
      );
      await condition(isForced, until - Date.now());
    }
    if (!isForced() && gate.approval) {
      const { approvals } = desk;
      desk.expectApproval(null);
      setState(wave, 'AWAITING_APPROVAL');
      wait(`somebody's approval of wave ${wave + 1}`);
      await condition(() => isForced() || desk.approvals > approvals);
    }
    await condition(() => isOver() || !desk.paused);
    desk.expectAdvance('never');
    wait(null);
    if (!isOver()) setState(wave, 'PASSED');
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
    tellWaves('stop');
    show();
  }

  /** Nothing more is asked for; the TMS cancels what it has not begun; the rest ends by what happens, in time. */
  async function stop({ policy: { cancelWithinSeconds } }: CampaignPlan): Promise<void> {
    status = 'CANCELLING';
    for (const [wave, state] of states) {
      if (state !== 'PASSED' && state !== 'FAILED') setState(wave, 'CANCELLED');
    }
    const limit = cancelWithinSeconds * 1000;
    wait('what is under way to end', Date.now() + limit);
    // What a dispatch was answered while it was told to stop is recorded before the rest is settled.
    await condition(() => runs.every(({ dispatched }) => dispatched), limit);
    await platform.cancelPending(campaignId, 'cancelled');
    const all = Promise.all(runs.map(({ result }) => result));
    let allEnded = false;
    const finished = all.then(() => void (allEnded = true));
    // Not waited for: what the TMSs don't answer must not keep the campaign from its end.
    if (!desk.forced) askToCancel().catch(logged);
    await condition(() => desk.forced || allEnded, limit);
    if (!allEnded) {
      if (!desk.forced)
        desk.giveUpWaiting(`the cancellation was not over within ${describeInterval(cancelWithinSeconds)}`);
      await cancelTrackers(campaignId, true);
      await Promise.race([finished, condition(() => allEnded, FORCED_GRACE)]);
    }
    await desk.drained();
    wait(null);
  }

  async function askToCancel(): Promise<void> {
    const names = new Set((plan as CampaignPlan).waves.flatMap(({ lanes }) => lanes.map(({ tms }) => tms)));
    await Promise.all([...names].map((tms) => canceller(tms).cancelUpdates(campaignId, tms).catch(logged)));
    await cancelTrackers(campaignId, false);
  }

  /** Brings back what the campaign has changed, newest wave first: each wave asked for before the one before it. */
  async function rollBack({ waves }: CampaignPlan): Promise<void> {
    wait('the roll-back of what it has changed');
    const begun = waves.filter(({ wave }) => runs.some((run) => run.wave === wave)).toReversed();
    const started: WaveRun[] = [];
    for (const wave of begun) {
      if (desk.rollBackCalledOff || desk.forced) break;
      await condition(() => !desk.paused || desk.forced);
      const run = startWave(wave, wave.lanes, 'roll-back');
      started.push(run);
      await condition(() => run.dispatched || desk.rollBackCalledOff || desk.forced);
    }
    let allEnded = false;
    const finished = Promise.all(started.map(({ result }) => result)).then(() => void (allEnded = true));
    await condition(() => allEnded || desk.rollBackCalledOff || desk.forced);
    if (!allEnded) await platform.callOffRollBack(campaignId);
    await Promise.race([finished, condition(() => allEnded || desk.forced)]);
    wait(null);
  }

  async function changePolicy({ change, by, reason, ...ids }: PolicyChangeRequest): Promise<string[]> {
    await condition(() => plan !== undefined);
    await CancellationScope.nonCancellable(() =>
      platform.changePolicy({ campaignId, change, by: by ?? 'temporal', reason: reason ?? null, ...ids }),
    );
    Object.assign(policy(), change);
    policyChanges++;
    tellWaves('reload');
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
    return runs.some(({ dispatched }) => !dispatched) || runs.length < (plan?.waves.length ?? 0);
  }

  function act(action: FailureAction, why: string): void {
    if (action === 'pause') desk.pause(why);
    else desk.abort(action === 'roll-back', why);
  }

  function onCommand(): void {
    if (desk.stop) status = 'CANCELLING';
    tellWaves(desk.stop ? 'stop' : desk.paused ? 'pause' : 'resume');
    watch.restart();
    show();
  }

  /** Only those that still ask for updates: a roll-back asks the database whether it is paused. */
  function tellWaves(command: WaveCommand): void {
    for (const wave of runs) {
      if (wave.step === 'update' && !wave.ended) wave.signal(command).catch(logged);
    }
  }

  async function tellWave(run: number, command: WaveCommand): Promise<void> {
    const handle = getExternalWorkflowHandle(waveWorkflowId(campaignId, run));
    await CancellationScope.nonCancellable(() =>
      handle.signal(waveCommandSignal, command, { rate: policy().rate }),
    );
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

  function setState(wave: number, state: WaveState, detail: string | null = null): void {
    if (states.get(wave) === state) return;
    states.set(wave, state);
    enqueue(() => platform.recordWave({ campaignId, wave, state, detail }));
    show();
  }

  function wait(what: string | null, until?: number): void {
    const next =
      what === null ? null : { what, until: until === undefined ? null : new Date(until).toISOString() };
    if (JSON.stringify(next) === JSON.stringify(waitingFor)) return;
    waitingFor = next;
    enqueue(() => platform.recordWaiting(campaignId, next));
    show();
  }

  function waitForWindows(): void {
    if (desk.stop || currentGateWaits()) return;
    const openings = runs.flatMap(({ opensAt }) => opensAt ?? []);
    if (openings.length > 0) wait('the maintenance windows to open', Math.min(...openings));
    else wait(null);
  }

  function currentGateWaits(): boolean {
    return ['SOAKING', 'AWAITING_APPROVAL', 'FAILED'].includes(states.get(currentWave) ?? '');
  }

  /** What people are to see is written in the order in which it came about, beside the campaign's own work. */
  function enqueue(write: () => Promise<void>): void {
    writes = writes.then(() => CancellationScope.nonCancellable(write));
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
        state: states.get(wave) ?? 'WAITING',
        total: terminals,
        counts: watch.countsOf(wave),
      })),
      waitingFor,
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

function canceller(tms: string): Pick<TmsActivities, 'cancelUpdates'> {
  return proxyActivities<TmsActivities>({
    taskQueue: tmsTaskQueue(tms),
    summary: `ask ${tms} to cancel what it has not begun`,
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: '30 seconds',
    retry: { maximumInterval: '30 seconds' },
  });
}

/** What is done besides, and fails only when what it is about is gone. */
function logged(error: unknown): void {
  if (!isCancellation(error)) log.warn('a step besides the campaign has failed', { error });
}
