/** What the API tells Prometheus beyond what every process tells. */
import type { RequestHandler } from 'express';
import { Histogram } from 'prom-client';
import { countStatuses, findOpenCampaigns } from '../db/campaign.ts';
import type { Pool } from '../db/pool.ts';
import { campaignProgress, registry } from '../observability/metrics.ts';

const httpDuration = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Seconds from a request to the end of its answer; streams last as long as somebody listens.',
  labelNames: ['method', 'route', 'status'] as const,
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60],
  registers: [registry],
});

/** Open campaigns beyond this many have no series of their own. */
const MAX_SERIES = 100;

/** Times every request, by the pattern of its route so that ids make no series. */
export function timeRequests(): RequestHandler {
  return (request, response, next) => {
    const stop = httpDuration.startTimer({ method: request.method });
    response.once('close', () => {
      const route = (response.locals.route as string | undefined) ?? 'none';
      stop({ route, status: response.writableFinished ? String(response.statusCode) : 'aborted' });
    });
    next();
  };
}

/** The metrics of this process, with the progress of the open campaigns as it is now. */
export async function readMetrics(pool: Pool): Promise<{ contentType: string; text: string }> {
  await refreshProgress(pool).catch(() => campaignProgress.reset());
  return { contentType: registry.contentType, text: await registry.metrics() };
}

async function refreshProgress(pool: Pool): Promise<void> {
  const counts = await countStatuses(pool, await findOpenCampaigns(pool, MAX_SERIES));
  campaignProgress.reset();
  for (const [campaignId, byStatus] of counts) {
    for (const [status, count] of Object.entries(byStatus)) {
      campaignProgress.set({ campaign_id: campaignId, status }, count);
    }
  }
}
