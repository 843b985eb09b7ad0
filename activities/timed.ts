import { sagaStepDurationSeconds } from '../observability/metrics.ts';

/** Runs one step of a saga and notes how long it took and whether it threw. */
export async function timed<T>(step: string, work: () => Promise<T>): Promise<T> {
  const end = sagaStepDurationSeconds.startTimer({ step });
  try {
    const result = await work();
    end({ outcome: 'ok' });
    return result;
  } catch (error) {
    end({ outcome: 'failed' });
    throw error;
  }
}
