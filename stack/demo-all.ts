/** The scenario `all`: the whole fleet at once; nearly all succeed. */
import { type Scenario, simulateSeldomTrouble, TARGET_VERSION } from './demo-scenario.ts';

export const everyTerminal: Scenario = {
  minTerminals: 1,
  intro: `Campaign: all of them to ${TARGET_VERSION}.`,
  // An update takes 4 to 32 seconds.
  simulator: (fleet) => simulateSeldomTrouble(fleet, 30),
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
