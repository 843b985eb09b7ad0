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
import type { Look, LookInput } from './types.ts';

export interface ObserveDependencies {
  /** Status of one operation; calls that fall together become one bulk request. */
  observe: (operation: Operation) => Promise<OperationReport>;
  hardware: HardwareApi;
  recorder: Recorder;
}

/**
 * One look. What is new and not final is recorded on the way, so that lists and Kafka show it without a workflow step;
 * so is a success, which no retry can change. Other ends are for the saga to decide.
 * @throws ApplicationFailure of type `NotSettled` (benign) when nothing is final, unless it is the last look
 */
export async function look(
  { observe, hardware, recorder }: ObserveDependencies,
  { campaignId, targetVersion, tpe, step, firstAfterMs, last }: LookInput,
): Promise<Look> {
  if (firstAfterMs !== undefined && Context.current().info.attempt === 1) throw firstLookIn(firstAfterMs);
  const observation = await observeBoth();
  const verdict = judge(observation, targetVersion);
  const recorded = step === 'update' && verdict.status === 'SUCCESS';
  if (recorded || !verdict.settled) {
    await recorder.record({
      campaignId,
      tpeId: tpe.tpeId,
      attempt: tpe.attempt,
      status: verdict.status,
      tmsState: observation.tms?.state,
      version: observation.hardware?.version,
    });
  }
  const result = { observation, verdict, ...(recorded ? { recorded } : {}) };
  if (verdict.settled || last) return result;
  throw ApplicationFailure.create({
    type: NOT_SETTLED,
    message: describeObservation(observation),
    details: [result],
    category: 'BENIGN',
  });

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
