/** `npm run demo`: the whole stack, a simulated fleet and one campaign from the request to the last status. */
import { Command, Option } from 'commander';
import { ApiClient, CliError } from '../cli/http.ts';
import type { CampaignCreated } from '../cli/types.ts';
import { loadConfig } from '../config.ts';
import { buildConsole } from './console.ts';
import { importFleet, withFleet } from './demo-fleet.ts';
import { followCampaign } from './demo-progress.ts';
import { collectResult, describeResult, shortcomings } from './demo-result.ts';
import type { Scenario } from './demo-scenario.ts';
import { type ScenarioName, SCENARIOS } from './demo-scenarios.ts';
import { StackError } from './errors.ts';
import {
  addStackOptions,
  inCheckout,
  type Lifetime,
  parse,
  runLauncher,
  type StackFlags,
  wholeNumber,
} from './launcher.ts';
import { untilIdle } from './settle.ts';
import { isInteractive } from './progress.ts';
import { type Stack, startStack } from './stack.ts';

interface DemoFlags extends StackFlags {
  scenario: ScenarioName;
  terminals: number;
  exit?: boolean;
  json?: boolean;
}

await runLauncher(async (lifetime) => {
  const flags = readFlags();
  const scenario: Scenario = SCENARIOS[flags.scenario];
  await buildConsole();
  return withFleet(flags.terminals, async (fleet) => {
    const stack = await startStack({
      ...flags,
      fresh: true,
      simulator: scenario.simulator(fleet),
      signal: lifetime.signal,
    });
    try {
      return await runDemo(stack, scenario, fleet, flags, lifetime);
    } finally {
      await stack.stop();
    }
  });
});

function readFlags(): DemoFlags {
  const command = addStackOptions(new Command('npm run demo --'), inCheckout('.data', 'demo'))
    .description('Starts everything, runs one campaign over a simulated fleet, and stays up until Ctrl-C.')
    .addOption(
      new Option(
        '--scenario <name>',
        'all: the whole fleet at once; canary-fails: a bad version is taken back',
      )
        .choices(Object.keys(SCENARIOS))
        .default('all'),
    )
    .option('--terminals <n>', 'how many terminals of examples/fleet.csv', wholeNumber, 3_000)
    .option(
      '--exit',
      'end by itself: status 0 only if all went as the scenario must, none was updated twice, Kafka agrees',
    )
    .option('--json', 'end with one line of JSON on stdout; all else goes to stderr');
  parse(command);
  const flags = command.opts<DemoFlags>();
  const { minTerminals } = SCENARIOS[flags.scenario];
  if (flags.terminals < minTerminals) {
    throw new StackError(`--terminals must be at least ${minTerminals}.`, {
      remedy: `The scenario ${flags.scenario} needs so many.`,
    });
  }
  return flags;
}

/** @returns the exit status */
async function runDemo(
  stack: Stack,
  scenario: Scenario,
  fleet: string,
  flags: DemoFlags,
  lifetime: Lifetime,
): Promise<number> {
  const out = flags.json ? process.stderr : process.stdout;
  const api = new ApiClient(`http://127.0.0.1:${stack.ports.api}`);
  const { imported } = await calling(importFleet(api, fleet));
  out.write(`\n${imported} terminals imported. ${scenario.intro}\n`);
  await untilIdle(lifetime.signal);
  const requestedAt = Date.now();
  const { campaignId } = await calling(
    api.call<CampaignCreated>('campaigns', {
      method: 'POST',
      body: scenario.request,
    }),
  );
  out.write(`  npx tpe campaign pause ${campaignId} --url http://127.0.0.1:${stack.ports.api}\n\n`);
  const campaign = await calling(
    followCampaign(api, campaignId, out, {
      live: isInteractive(out) && !flags.json,
      signal: lifetime.signal,
    }),
  );
  const result = await collectResult(campaign, requestedAt, stack, loadConfig(stack.env));
  out.write(`\n${await describeResult(result, stack, api)}\n`);
  const outcome = await scenario.outcome?.(campaign, stack);
  if (outcome) out.write(`${outcome.story}\n\n`);
  const problems = [...shortcomings(result), ...(outcome?.problems ?? [])];
  for (const problem of problems) out.write(`It did not go as it must: ${problem}\n`);
  if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  if (!flags.exit) {
    out.write('Everything stays up until Ctrl-C.\n');
    await lifetime.stopRequested;
    return 0;
  }
  return problems.length === 0 ? 0 : 1;
}

/** An error of the API in the words of the launchers. */
async function calling<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const { title, detail, errors } = error.problem;
    const faults = errors?.map(({ message }) => message) ?? [];
    throw new StackError([title, detail, ...faults].filter(Boolean).join(': '), { cause: error });
  }
}
