/** All campaigns that have not ended, as they change, as server-sent events: a list needs one connection, not one per row. */
import type { CampaignSummary } from '../campaign-summary.ts';
import { BASE } from '../links.ts';
import { defineRoute, type Route } from '../route.ts';
import { liveCampaigns } from '../schemas/campaign.ts';
import { openEventStream } from '../sse.ts';

const stream = defineRoute({
  method: 'get',
  path: `${BASE}/campaigns/stream`,
  operationId: 'streamCampaigns',
  tag: 'campaigns',
  summary: 'All campaigns that have not ended, as they change',
  description:
    'Server-sent events: `open` at once, with every campaign that has not ended, then `change` with those that are new or different; one that has ended comes a last time. `ping` every 15 s. After an interruption just connect again: the first event has the whole state, and what is not in it has ended.',
  replies: {
    200: {
      description: 'Events whose data is a LiveCampaigns object.',
      schema: liveCampaigns,
      contentType: 'text/event-stream',
    },
  },
  async handle({ deps: { campaigns: feed }, response }) {
    const send = openEventStream(response);
    const waiting = new Map<string, CampaignSummary>();
    const changed = (campaigns: CampaignSummary[]): void => {
      // One who reads too slowly gets the newest state of each when there is room, instead of all of them.
      if (response.writableNeedDrain) for (const each of campaigns) waiting.set(each.campaignId, each);
      else send('change', { campaigns });
    };
    response.on('drain', () => {
      if (waiting.size === 0) return;
      send('change', { campaigns: [...waiting.values()] });
      waiting.clear();
    });
    const unsubscribe = feed.subscribe({
      opened: (campaigns) => send('open', { campaigns }),
      changed,
      closed: () => response.end(),
    });
    response.once('close', unsubscribe);
  },
});

export const campaignsStreamRoutes: Route[] = [stream];
