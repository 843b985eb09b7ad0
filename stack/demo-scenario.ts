/** What a demo shows: how the simulated terminals behave, the campaign, and what must have come of it. */
import type { CampaignRequest } from '../api/schemas/campaign.ts';
import type { CampaignDetail } from '../cli/types.ts';
import type { SimulatorOptions } from './roles.ts';
import type { Stack } from './stack.ts';

export const TARGET_VERSION = '4.2.0';

export interface Scenario {
  /** With fewer terminals there is nothing to be seen. */
  minTerminals: number;
  /** What is going to happen, for people. */
  intro: string;
  /** @param fleet path of the CSV file of terminals */
  simulator(fleet: string): SimulatorOptions;
  request: CampaignRequest;
  /** What came of it, beside what holds for every campaign; absent where that is all. */
  outcome?: (campaign: CampaignDetail, stack: Stack) => Promise<Outcome>;
}

export interface Outcome {
  /** For people. */
  story: string;
  /** What keeps the demo from having succeeded, as sentences. */
  problems: string[];
}

/** Of a TMS of the simulator, what a scenario chooses. */
export type Vendor = Omit<SimulatorOptions['tms'][number], 'name' | 'idempotent' | 'callbacks'>;

/**
 * The two TMSs of `examples/fleet.csv`: one with idempotency keys and call-backs, one without either.
 * @param speed simulated seconds per real second
 */
export function simulateVendors(
  fleet: string,
  speed: number,
  vendor: Vendor,
  hardware: SimulatorOptions['hardware'],
): SimulatorOptions {
  const callbacks = {
    url: 'http://127.0.0.1:8080/api/v1/tms/alpha/events',
    secret: 'alpha-callback-secret',
    rate: 0.9,
    duplicateRate: 0.05,
  };
  return {
    seed: 1,
    speed,
    fleet: [fleet],
    tms: [
      { name: 'alpha', idempotent: true, ...vendor, callbacks },
      { name: 'beta', idempotent: false, ...vendor },
    ],
    hardware,
  };
}

/**
 * The same, where every kind of trouble occurs that the platform is there for, each seldom enough not to stop a
 * campaign. An update takes 2 to 16 simulated minutes.
 * @param speed simulated seconds per real second
 */
export function simulateSeldomTrouble(fleet: string, speed: number): SimulatorOptions {
  const vendor = {
    latencyMs: { min: 1, max: 5 },
    failRate: 0.02,
    offlineRate: 0.02,
    offlineSeconds: { min: 600, max: 1_200 },
    neverBackRate: 0.5,
    lieRate: 0.005,
    lostAnswerRate: 0.01,
  };
  return simulateVendors(fleet, speed, vendor, { latencyMs: { min: 1, max: 10 }, unreachableRate: 0.01 });
}
