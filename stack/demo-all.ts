/** The scenario `all`: the whole fleet at once; nearly all succeed. */
import { type Scenario, simulateVendors, TARGET_VERSION } from './demo-scenario.ts';

/** Every kind of trouble occurs that the platform is there for, each seldom enough not to stop the campaign. */
const BEHAVIOUR = {
  latencyMs: { min: 1, max: 5 },
  failRate: 0.02,
  offlineRate: 0.02,
  offlineSeconds: { min: 600, max: 1_200 },
  neverBackRate: 0.5,
  lieRate: 0.005,
  lostAnswerRate: 0.01,
};

export const everyTerminal: Scenario = {
  minTerminals: 1,
  intro: `Campaign: all of them to ${TARGET_VERSION}.`,
  // An update takes 2 to 16 minutes: 4 to 32 seconds here.
  simulator: (fleet) =>
    simulateVendors(fleet, 30, BEHAVIOUR, { latencyMs: { min: 1, max: 10 }, unreachableRate: 0.01 }),
  request: {
    name: 'Demo',
    targetVersion: TARGET_VERSION,
    targets: { all: true },
    // The schedule of a day within two minutes: looks get rarer, and the deadline ends what does not settle.
    policy: {
      polling: {
        windows: [
          { everySeconds: 5, attempts: 6 },
          { everySeconds: 10, attempts: 6 },
          { everySeconds: 20, attempts: 6 },
        ],
      },
      deadlineSeconds: 120,
      progressEverySeconds: 1,
    },
  },
};
