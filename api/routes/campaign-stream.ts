/** The live progress of a campaign as server-sent events. */
import { isFinalCampaignStatus } from '../../workflows/status.ts';
import { BASE } from '../links.ts';
import type { Progress } from '../progress-feed.ts';
import { defineRoute, type Route } from '../route.ts';
import { progress as progressSchema } from '../schemas/campaign.ts';
import { openEventStream } from '../sse.ts';
import { campaignParams, noCampaign } from './campaigns.ts';

const stream = defineRoute({
  method: 'get',
  path: `${BASE}/campaigns/{campaignId}/stream`,
  operationId: 'streamCampaign',
  tag: 'campaigns',
  summary: 'The progress of a campaign as it happens',
  description:
    'Server-sent events: `progress` at once and whenever something changes, `end` with the same data once the campaign has ended; then the stream is closed. `ping` every 15 s. After an interruption just connect again: the first event has the whole state.',
  params: campaignParams,
  replies: {
    200: {
      description: 'Events whose data is a Progress object.',
      schema: progressSchema,
      contentType: 'text/event-stream',
    },
  },
  problems: ['not-found'],
  async handle({ deps: { progress: feed }, params: { campaignId }, response }) {
    const first = await feed.read(campaignId);
    if (!first) throw noCampaign(campaignId);
    if (response.destroyed) return;
    const send = openEventStream(response);
    let last = '';
    let waiting: Progress | undefined;
    const changed = (progress: Progress, ended: boolean): void => {
      const state = JSON.stringify(progress);
      if (ended) {
        if (state !== last) send('progress', progress);
        send('end', progress);
        response.end();
      } else if (response.writableNeedDrain) {
        // One who reads too slowly gets the newest state when there is room, instead of all of them.
        waiting = progress;
      } else if (state !== last) {
        last = state;
        send('progress', progress);
      }
    };
    response.on('drain', () => {
      if (waiting) changed(waiting, false);
      waiting = undefined;
    });

    const unsubscribe = feed.subscribe(campaignId, { changed, closed: () => response.end() });
    response.once('close', unsubscribe);
    changed(first, isFinalCampaignStatus(first.status));
  },
});

export const campaignStreamRoutes: Route[] = [stream];
