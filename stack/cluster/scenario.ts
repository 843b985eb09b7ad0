/** The campaign that a cluster is tried with. */
import type { CampaignRequest } from '../../api/schemas/campaign.ts';
import { TARGET_VERSION } from '../demo-scenario.ts';

/** Simulated seconds per second: an update takes 16 seconds to 2 minutes. */
export const SIMULATED_SPEED = 8;

/** Long enough for one of each kind of process to be killed and to come back while terminals are followed. */
const DEADLINE_SECONDS = 300;

/** The whole fleet at once: about 1 % of it never settles, so that the campaign lasts until the deadline. */
export const CLUSTER_REQUEST: CampaignRequest = {
  name: 'Cluster',
  targetVersion: TARGET_VERSION,
  targets: { all: true },
  policy: {
    polling: {
      windows: [
        { everySeconds: 15, attempts: 8 },
        { everySeconds: 30, attempts: 8 },
      ],
    },
    deadlineSeconds: DEADLINE_SECONDS,
    progressEverySeconds: 2,
  },
};
