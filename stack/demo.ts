/** `npm run demo`: the whole stack, a simulated fleet and one campaign from the request to the last status. */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { ApiClient, CliError } from '../cli/http.ts';
import type { CampaignCreated, ImportResult } from '../cli/types.ts';
import { loadConfig } from '../config.ts';
import { followCampaign } from './demo-progress.ts';
import { collectResult, describeResult, shortcomings } from './demo-result.ts';
import { demoSimulator, POLICY, TARGET_VERSION, writeFleet } from './demo-scenario.ts';
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
  terminals: number;
  exit?: boolean;
  json?: boolean;
}

await runLauncher(async (lifetime) => {
  const flags = readFlags();
  const scratch = await mkdtemp(join(tmpdir(), 'tpe-demo-'));
  try {
    const fleet = join(scratch, 'fleet.csv');
    await writeFleet(inCheckout('examples', 'fleet.csv'), flags.terminals, fleet);
    const stack = await startStack({
      ...flags,
      fresh: true,
      simulator: demoSimulator(fleet),
      signal: lifetime.signal,
    });
    try {
      return await runDemo(stack, fleet, flags, lifetime);
    } finally {
      await stack.stop();
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
});

function readFlags(): DemoFlags {
  const command = addStackOptions(new Command('npm run demo --'), inCheckout('.data', 'demo'))
    .description('Starts everything, runs one campaign over a simulated fleet, and stays up until Ctrl-C.')
    .option('--terminals <n>', 'how many terminals of examples/fleet.csv', wholeNumber, 3_000)
    .option(
      '--exit',
      'end by itself: status 0 only if every terminal is final, none was updated twice, Kafka agrees',
    )
    .option('--json', 'end with one line of JSON on stdout; all else goes to stderr');
  parse(command);
  const flags = command.opts<DemoFlags>();
  if (flags.terminals === 0) throw new StackError('--terminals must be at least 1.');
  return flags;
}

/** @returns the exit status */
async function runDemo(stack: Stack, fleet: string, flags: DemoFlags, lifetime: Lifetime): Promise<number> {
  const out = flags.json ? process.stderr : process.stdout;
  const api = new ApiClient(`http://127.0.0.1:${stack.ports.api}`);
  const { imported } = await calling(
    api.call<ImportResult>('tpes/import', {
      method: 'POST',
      body: createReadStream(fleet),
      headers: { 'content-type': 'text/csv' },
    }),
  );
  out.write(`\n${imported} terminals imported. Campaign: all of them to ${TARGET_VERSION}.\n`);
  await untilIdle(lifetime.signal);
  const requestedAt = Date.now();
  const { campaignId } = await calling(
    api.call<CampaignCreated>('campaigns', {
      method: 'POST',
      body: { name: 'Demo', targetVersion: TARGET_VERSION, targets: { all: true }, policy: POLICY },
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
  const problems = shortcomings(result);
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
