/** Looks at one terminal: what its TMS says and, what counts, what it runs. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { redactText } from '../redact.ts';
import type { Operation, OperationReport } from '../tms/contract.ts';
import { TmsError } from '../tms/errors.ts';
import type { HardwareApi } from '../tms/hardware-api.ts';
import { NOT_SETTLED } from '../workflows/names.ts';
import { describeInterval } from '../workflows/policy/polling.ts';
import { describeObservation, judge, type Observation } from '../workflows/policy/verdict.ts';
import type { TrackedTpe } from '../workflows/types.ts';
import type { Recorder } from './recorder.ts';
import type { Sweeps } from './sweep.ts';
import type { Look, LookInput } from './types.ts';

export interface ObserveDependencies {
  /** Status of one operation; calls that fall together become one bulk request. */
  observe: (operation: Operation) => Promise<OperationReport>;
  hardware: HardwareApi;
  recorder: Recorder;
}

/**
 * One look, as a step of a workflow.
 * @throws ApplicationFailure of type `NotSettled` (benign) when nothing is final, unless it is the last look
 */
export async function look(see: Sweeps['look'], input: LookInput): Promise<Look> {
  const { attempt } = Context.current().info;
  if (input.firstAfterMs !== undefined && attempt === 1) throw firstLookIn(input.firstAfterMs);
  // The first attempt has only begun the wait, the second is the first look.
  const found = await see(input, attempt === 2 ? input.dueAfterMs : undefined);
  if (found.verdict.settled || input.last) return found;
  throw ApplicationFailure.create({
    type: NOT_SETTLED,
    message: describeObservation(found.observation),
    details: [found],
    category: 'BENIGN',
  });
}

/**
 * What there is to see. What is new and not final is recorded on the way, so that lists and Kafka show it without a
 * workflow step; so is a success, which no retry can change. Other ends are for the saga to decide.
 */
export async function lookAt(
  { observe, hardware, recorder }: ObserveDependencies,
  { campaignId, targetVersion, tpe, step }: LookInput,
): Promise<Look> {
  const observation = await observeBoth();
  const verdict = judge(observation, targetVersion);
  const isSuccess = step === 'update' && verdict.status === 'SUCCESS';
  if (!isSuccess && verdict.settled) return { observation, verdict };
  const isNews = await recorder.record({
    campaignId,
    tpeId: tpe.tpeId,
    attempt: tpe.attempt,
    status: verdict.status,
    tmsState: observation.tms?.state,
    version: observation.hardware?.version,
  });
  // Where it was final before, the saga is to ask as what.
  return { observation, verdict, ...(isSuccess && isNews ? { recorded: true } : {}) };

  /** A TMS that is down does not hide what the terminal runs, nor the other way round. */
  async function observeBoth(): Promise<Observation> {
    const [report, status] = await Promise.all([
      observe(operationOf(tpe)).catch(noAnswer),
      hardware.status(tpe.tpeId),
    ]);
    return {
      tms: report && { state: report.state, reason: report.reason && redactText(report.reason) },
      hardware: status.reachable ? { version: redactText(status.runningVersion) } : null,
    };
  }
}

/** The wait for a window's first look, kept by the server as the delay of a retry. */
function firstLookIn(ms: number): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'NotYet',
    message: `first look in ${describeInterval(ms / 1000)}`,
    nextRetryDelay: ms,
    category: 'BENIGN',
  });
}

/** A TMS that is in trouble has nothing to say; any other error is a defect and is shown. */
function noAnswer(error: unknown): null {
  if (error instanceof TmsError) return null;
  throw error;
}

export function operationOf({ idTms, operationId }: TrackedTpe): Operation {
  return { idTms, operationId };
}
