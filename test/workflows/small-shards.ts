/** A crowd that is large by its number only: shards as in production, few terminals in each. */
import type { CampaignActivities, TmsActivities, TrackingActivities } from '../../activities/types.ts';
import { inWaves } from './campaigns.ts';
import type { SkippedTime, WorldActivities } from './time-skipping.ts';
import { inShards } from './world-tms.ts';
import type { World } from './world.ts';

/** Thirty shards of a hundred. */
const TOTAL = 3_000;
export const SHARDS = 30;

/** @param load called before a shard has its terminals */
export function smallShards(
  time: SkippedTime,
  terminalsOfEach: number,
  load: (shard: number) => Promise<void>,
): (activities: WorldActivities, world: World) => void {
  return ({ campaign, tracking, tms }, world) => {
    inWaves(world, [SHARDS * terminalsOfEach]);
    const tpes = [...world.rows.values()].map(({ tpe }) => tpe);
    const usual = { ...campaign };
    Object.assign(campaign, {
      openCampaign: async (campaignId) => ({
        ...(await usual.openCampaign(campaignId)),
        total: TOTAL,
        waves: [{ wave: 1, name: 'all', total: TOTAL, lanes: [{ tms: 'alpha', from: 0, to: TOTAL }] }],
        waveCounts: [{ wave: 1, counts: { SUCCESS: TOTAL } }],
      }),
    } satisfies Partial<CampaignActivities>);
    Object.assign(tms, {
      dispatch: async (batch) => inShards(batch),
    } satisfies Partial<TmsActivities>);
    Object.assign(tracking, {
      loadShard: async (_, shard) => {
        await load(shard);
        const requestedAt = await time.env.currentTimeMs();
        return tpes
          .slice(shard * terminalsOfEach, (shard + 1) * terminalsOfEach)
          .map((tpe) => ({ ...tpe, status: 'REQUESTED', requestedAt }));
      },
    } satisfies Partial<TrackingActivities>);
  };
}
