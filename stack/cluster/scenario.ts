/** The campaign that a cluster is tried with. */
import type { CampaignRequest } from '../../api/schemas/campaign.ts';
import { simulateVendors, TARGET_VERSION } from '../demo-scenario.ts';
import type { SimulatorOptions } from '../roles.ts';

/** Simulated seconds per second: an update takes 2 to 16 minutes, here 16 seconds to 2 minutes. */
const SPEED = 8;

/** Long enough for one of each kind of process to be killed and to come back while terminals are followed. */
const DEADLINE_SECONDS = 300;

/** @param fleet path of the CSV file of terminals */
export function clusterSimulator(fleet: string): SimulatorOptions {
  return simulateVendors(
    fleet,
    SPEED,
    {
      latencyMs: { min: 1, max: 5 },
      failRate: 0.02,
      offlineRate: 0.02,
      offlineSeconds: { min: 600, max: 1_200 },
      neverBackRate: 0.5,
      lieRate: 0.005,
      lostAnswerRate: 0.01,
    },
    { latencyMs: { min: 1, max: 10 }, unreachableRate: 0.01 },
  );
}

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
