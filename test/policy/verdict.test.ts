import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OperationState } from '../../tms/contract.ts';
import { describeObservation, judge, type Observation } from '../../workflows/policy/verdict.ts';

const STATES: OperationState[] = [
  'QUEUED',
  'DOWNLOADING',
  'INSTALLING',
  'DONE',
  'FAILED',
  'CANCELLED',
  'UNKNOWN',
];

const observation: fc.Arbitrary<Observation> = fc.record({
  tms: fc.option(fc.record({ state: fc.constantFrom(...STATES), reason: fc.option(fc.string()) })),
  hardware: fc.option(fc.record({ version: fc.constantFrom('4.1.0', '4.2.0') })),
});

describe('judging a look', () => {
  it('calls it a success exactly when the terminal itself reports the target version', () => {
    fc.assert(
      fc.property(observation, (seen) => {
        const verdict = judge(seen, '4.2.0');
        const success = verdict.settled && verdict.status === 'SUCCESS';
        expect(success).toBe(seen.hardware?.version === '4.2.0');
      }),
    );
  });

  it.each<[Observation, string, string | null]>([
    [{ tms: { state: 'DONE', reason: null }, hardware: { version: '4.1.0' } }, 'INSTALLING', 'unverified'],
    [{ tms: { state: 'DONE', reason: null }, hardware: null }, 'INSTALLING', 'unverified'],
    [{ tms: { state: 'DOWNLOADING', reason: null }, hardware: null }, 'INSTALLING', 'not-settled'],
    [{ tms: { state: 'QUEUED', reason: null }, hardware: null }, 'REQUESTED', 'unreachable'],
    [{ tms: { state: 'QUEUED', reason: null }, hardware: { version: '4.1.0' } }, 'REQUESTED', 'not-settled'],
    [{ tms: { state: 'UNKNOWN', reason: null }, hardware: { version: '4.1.0' } }, 'REQUESTED', 'forgotten'],
    [{ tms: null, hardware: { version: '4.1.0' } }, 'REQUESTED', 'unreachable'],
    [{ tms: { state: 'FAILED', reason: 'disk full' }, hardware: null }, 'FAILED', 'failed:disk full'],
    [{ tms: { state: 'CANCELLED', reason: null }, hardware: { version: '4.1.0' } }, 'CANCELLED', 'cancelled'],
  ])('%j means %s, %s', (seen, status, reason) => {
    expect(judge(seen, '4.2.0')).toMatchObject({ status, reason });
  });

  it('is put into words that name both sides', () => {
    expect(describeObservation({ tms: { state: 'FAILED', reason: 'disk full' }, hardware: null })).toBe(
      'TMS: FAILED (disk full) · terminal: no answer',
    );
  });
});
