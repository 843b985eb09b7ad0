import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutBatches, shardSize } from '../../workflows/policy/sizing.ts';

const lanes = fc
  .array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 5 })
  .map((sizes) => sizes.map((terminals, index) => ({ tms: `tms-${index}`, terminals })));

/** History events of a campaign at worst: the arithmetic of docs/scaling.md. */
function eventsAtWorst(campaign: { tms: string; terminals: number }[]): number {
  const total = campaign.reduce((sum, { terminals }) => sum + terminals, 0);
  const batches = cutBatches(campaign);
  const shards = batches.reduce((sum, { from, to }) => sum + Math.ceil((to - from) / shardSize(total)), 0);
  return 6 * batches.length + 9 * shards + 6 * 200 + 40;
}

describe('cutting a campaign into batches', () => {
  it('covers every terminal of every TMS once, in order', () => {
    fc.assert(
      fc.property(lanes, (campaign) => {
        const batches = cutBatches(campaign);
        for (const { tms, terminals } of campaign) {
          let next = 0;
          for (const batch of batches.filter((candidate) => candidate.tms === tms)) {
            expect(batch.from).toBe(next);
            expect(batch.to).toBeGreaterThan(batch.from);
            next = batch.to;
          }
          expect(next).toBe(terminals);
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
    expect(cutBatches([{ tms: 'alpha', terminals: 3_000 }])).toHaveLength(6);
    expect(cutBatches([{ tms: 'alpha', terminals: 50_000 }])).toHaveLength(100);
  });

  it('keeps the history under 10,240 events with two TMSs, however large the campaign', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2_000_000 }), fc.nat({ max: 2_000_000 }), (alpha, beta) => {
        const campaign = [
          { tms: 'alpha', terminals: alpha },
          { tms: 'beta', terminals: beta },
        ];
        expect(eventsAtWorst(campaign)).toBeLessThan(10_240);
      }),
    );
    expect(
      eventsAtWorst([
        { tms: 'alpha', terminals: 50_500 },
        { tms: 'beta', terminals: 49_500 },
      ]),
    ).toBeLessThanOrEqual(10_114);
  });
});
