/** What campaigns and waves ask of our own database, in short calls that are tried until they succeed. */
import { proxyActivities } from '@temporalio/workflow';
import type { CampaignActivities } from '../activities/types.ts';
import { CAMPAIGN_TASK_QUEUE } from './names.ts';

export const platform = proxyActivities<CampaignActivities>({
  taskQueue: CAMPAIGN_TASK_QUEUE,
  // Also how long one whose worker was killed is waited for; what takes longer goes on where it was.
  startToCloseTimeout: '30 seconds',
  retry: { maximumInterval: '30 seconds' },
});
