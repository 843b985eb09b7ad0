import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Batch,
  countTerminals,
  cutBatches,
  MAX_SHARDS,
  shardSize,
} from '../../workflows/policy/sizing.ts';

const lanes = fc
  .array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 5 })
  .map((sizes) => sizes.map((terminals, index) => ({ tms: `tms-${index}`, from: 0, to: terminals })));

/** History events of a wave at worst: the arithmetic of docs/scaling.md. */
function eventsAtWorst(campaign: Batch[]): number {
  const total = countTerminals(campaign);
  const batches = cutBatches(campaign);
  const size = shardSize(total, MAX_SHARDS);
  const shards = batches.reduce((sum, { from, to }) => sum + Math.ceil((to - from) / size), 0);
  return 6 * batches.length + 13 * shards + 40;
}

describe('cutting a campaign into batches', () => {
  it('covers every terminal of every TMS once, in order', () => {
    fc.assert(
      fc.property(lanes, (campaign) => {
        const batches = cutBatches(campaign);
        for (const { tms, to } of campaign) {
          let next = 0;
          for (const batch of batches.filter((candidate) => candidate.tms === tms)) {
            expect(batch.from).toBe(next);
            expect(batch.to).toBeGreaterThan(batch.from);
            next = batch.to;
          }
          expect(next).toBe(to);
        }
      }),
    );
  });

  it('takes batches of 500 up to 50,000 terminals and never more than 100, and one per TMS', () => {
    fc.assert(
      fc.property(lanes, (campaign) => {
        expect(cutBatches(campaign).length).toBeLessThanOrEqual(100 + campaign.length);
      }),
    );
    expect(cutBatches([{ tms: 'alpha', from: 0, to: 3_000 }])).toHaveLength(6);
    expect(cutBatches([{ tms: 'alpha', from: 0, to: 50_000 }])).toHaveLength(100);
  });

  it('keeps the history under 10,240 events with two TMSs, however large the campaign', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2_000_000 }), fc.nat({ max: 2_000_000 }), (alpha, beta) => {
        const campaign = [
          { tms: 'alpha', from: 0, to: alpha },
          { tms: 'beta', from: 0, to: beta },
        ];
        expect(eventsAtWorst(campaign)).toBeLessThan(10_240);
      }),
    );
    expect(
      eventsAtWorst([
        { tms: 'alpha', from: 0, to: 50_500 },
        { tms: 'beta', from: 0, to: 49_500 },
      ]),
    ).toBeLessThanOrEqual(10_114);
  });
});
