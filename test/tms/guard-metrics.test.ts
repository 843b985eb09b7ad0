/** What the metrics show of the calls to a TMS. */
import { beforeEach, expect, test } from 'vitest';
import { registry } from '../../observability/metrics.ts';
import type { OperationReport } from '../../tms/contract.ts';
import { guardTms } from '../../tms/guard.ts';
import { eventually } from './eventually.ts';
import { adapterWith, failure, held, limits, LOOK, REPORT } from './guard-rig.ts';

beforeEach(() => registry.resetMetrics());

/** The values of a metric of the TMS, by state where it has one. */
async function shown(name: string): Promise<unknown> {
  const { values = [] } = (await registry.getSingleMetric(name)?.get()) ?? {};
  const ours = values.filter(({ labels }) => labels.tms === 'acme');
  if (ours.some(({ labels }) => 'state' in labels)) {
    return ours.filter(({ value }) => value === 1).map(({ labels }) => labels.state);
  }
  return ours.map(({ value }) => value);
}

test('the state of the circuit breaker, and how often it was opened', async () => {
  const trial = held<OperationReport[]>();
  const answers = [
    Promise.reject(failure('server', true)),
    Promise.reject(failure('server', true)),
    trial.promise,
  ];
  const tms = guardTms(
    adapterWith({ observe: () => answers.shift() ?? Promise.resolve([REPORT]) }),
    limits({ breakerThreshold: 2, breakerCooldownMs: 1 }),
  );
  expect(await shown('tms_circuit_state')).toEqual(['closed']);
  expect(await shown('tms_circuit_opened_total')).toEqual([0]);
  for (let n = 0; n < 2; n++) await expect(tms.observe(LOOK)).rejects.toMatchObject({ kind: 'server' });
  expect(await shown('tms_circuit_state')).toEqual(['open']);
  let looking: Promise<unknown> = Promise.resolve();
  await eventually(async () => {
    looking = tms.observe(LOOK);
    looking.catch(() => undefined);
    return shown('tms_circuit_state');
  }).toEqual(['half-open']);
  trial.resolve([REPORT]);
  await looking;
  expect(await shown('tms_circuit_state')).toEqual(['closed']);
  expect(await shown('tms_circuit_opened_total')).toEqual([1]);
});

test('the places in use and the calls that wait for one, until the adapter is closed', async () => {
  const answer = held<OperationReport[]>();
  const tms = guardTms(adapterWith({ observe: () => answer.promise }), limits({ concurrency: 2 }));
  const calls = Array.from({ length: 5 }, () => tms.observe(LOOK));
  const queue = (): Promise<unknown[]> =>
    Promise.all(['tms_calls_running', 'tms_calls_waiting', 'tms_call_slots', 'tms_calls_held'].map(shown));
  expect(await queue()).toEqual([[2], [3], [2], [0]]);
  answer.resolve([REPORT]);
  await Promise.all(calls);
  expect(await queue()).toEqual([[0], [0], [2], [0]]);
  await tms.close();
  expect(await queue()).toEqual([[], [], [], []]);
});

test('that calls are held back after a 429, and those that were made again', async () => {
  const answers = [() => Promise.reject(failure('overloaded', false, 1)), () => Promise.resolve([REPORT])];
  const long = () => Promise.reject(failure('overloaded', false, 60_000));
  const tms = guardTms(adapterWith({ observe: () => (answers.shift() ?? long)() }), limits());
  await tms.observe(LOOK);
  expect(await shown('tms_retries_total')).toEqual([1]);
  expect(await shown('tms_calls_held')).toEqual([0]);
  const turnedAway = tms.observe(LOOK, { signal: AbortSignal.timeout(60_000) });
  turnedAway.catch(() => undefined);
  await eventually(() => shown('tms_calls_held')).toEqual([1]);
  await tms.close();
});
