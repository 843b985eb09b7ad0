/** All campaigns that have not ended, as they change; one stream for the whole console. */
import { map, onMount } from 'nanostores';
import { queryClient } from '../api/query-client.ts';
import type { CampaignSummary, LiveCampaigns } from '../api/schema.ts';
import { openStream } from './event-stream.ts';

export interface Live {
  /** By id, with those that have ended since the stream was opened. */
  campaigns: ReadonlyMap<string, CampaignSummary>;
  /** False until the whole state has come. */
  complete: boolean;
}

export const $live = map<Live>({ campaigns: new Map(), complete: false });

/** What begins with this is read anew when something may have been missed. */
export const CAMPAIGNS_KEY = ['campaigns'] as const;

onMount($live, () =>
  openStream({
    url: '/api/v1/campaigns/stream',
    events: {
      open({ campaigns }: LiveCampaigns) {
        // What has ended while we did not listen is not among them.
        if ($live.get().complete) void queryClient.invalidateQueries({ queryKey: CAMPAIGNS_KEY });
        $live.set({ campaigns: byId(campaigns), complete: true });
      },
      change({ campaigns }: LiveCampaigns) {
        $live.setKey('campaigns', new Map([...$live.get().campaigns, ...byId(campaigns)]));
      },
    },
  }),
);

function byId(campaigns: readonly CampaignSummary[]): Map<string, CampaignSummary> {
  return new Map(campaigns.map((campaign) => [campaign.campaignId, campaign]));
}
