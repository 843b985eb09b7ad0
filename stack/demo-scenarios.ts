import { everyTerminal } from './demo-all.ts';
import { canaryFails } from './demo-canary-fails.ts';
import type { Scenario } from './demo-scenario.ts';

/** By the name that `--scenario` takes. */
export const SCENARIOS = { all: everyTerminal, 'canary-fails': canaryFails } satisfies Record<
  string,
  Scenario
>;
export type ScenarioName = keyof typeof SCENARIOS;
