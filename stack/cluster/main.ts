/**
 * `npm run cluster`: a whole installation as on several machines, on one. With `--campaign N` it runs a campaign, with
 * `--kill` one process of each kind is killed and comes back meanwhile, and the last line of stdout is one of JSON.
 */
import { join } from 'node:path';
import { Command } from 'commander';
import { columns } from '../addresses.ts';
import { withFleet } from '../demo-fleet.ts';
import { simulateSeldomTrouble } from '../demo-scenario.ts';
import { StackError } from '../errors.ts';
import {
  addStackOptions,
  inCheckout,
  type Lifetime,
  parse,
  runLauncher,
  type StackFlags,
  wholeNumber,
} from '../launcher.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { frontends } from './layout.ts';
import { SIMULATED_SPEED } from './scenario.ts';
import { runTrial } from './trial.ts';

interface ClusterFlags extends StackFlags {
  campaign?: number;
  kill?: boolean;
  exit?: boolean;
}

await runLauncher(async (lifetime) => {
  const flags = readFlags();
  if (flags.campaign === undefined) return stayUp(flags, lifetime);
  return withFleet(flags.campaign, (fleet) => tryOut(flags, fleet, lifetime));
});

function readFlags(): ClusterFlags {
  const command = addStackOptions(new Command('npm run cluster --'), inCheckout('.data', 'cluster'))
    .description(
      'Starts every server and every process of the platform several times; stays up until Ctrl-C.',
    )
    .option(
      '--campaign <n>',
      'run a campaign of n terminals of examples/fleet.csv on a new cluster',
      wholeNumber,
    )
    .option('--kill', 'kill one process of each kind while the campaign runs')
    .option('--exit', 'end after the campaign: status 0 only if nothing was lost or done twice');
  parse(command);
  const flags = command.opts<ClusterFlags>();
  if (flags.campaign === undefined && (flags.kill || flags.exit)) {
    throw new StackError('--kill and --exit need a campaign.', { remedy: 'For example --campaign 3000.' });
  }
  return flags;
}

async function stayUp(flags: ClusterFlags, { signal, stopRequested }: Lifetime): Promise<number> {
  const cluster = await startCluster({ ...flags, signal });
  process.stdout.write(`\nThe cluster runs. Ctrl-C stops it, its data stays in ${flags.dataDir}.\n\n`);
  process.stdout.write(`${describeCluster(cluster)}\n`);
  await stopRequested;
  await cluster.stop();
  return 0;
}

/** @returns the exit status */
async function tryOut(flags: ClusterFlags, fleet: string, lifetime: Lifetime): Promise<number> {
  const { signal } = lifetime;
  const simulator = simulateSeldomTrouble(fleet, SIMULATED_SPEED);
  const cluster = await startCluster({ ...flags, fresh: true, simulator, signal });
  try {
    process.stderr.write(`\n${describeCluster(cluster)}\n\n`);
    const result = await runTrial(cluster, {
      fleet,
      kill: flags.kill === true,
      signal,
      out: process.stderr,
    });
    for (const problem of result.problems) process.stderr.write(`It did not go as it must: ${problem}\n`);
    process.stdout.write(`${JSON.stringify(result)}\n`);
    if (flags.exit) return result.problems.length === 0 ? 0 : 1;
    process.stderr.write('Everything stays up until Ctrl-C.\n');
    await lifetime.stopRequested;
    return 0;
  } finally {
    await cluster.stop();
  }
}

/** Where everything is, for people. */
function describeCluster({ layout, stack, apis }: Cluster): string {
  return columns([
    ['API', apis.map((url) => `${url}/api/v1`).join(', ')],
    ['Temporal', frontends(layout).join(', ')],
    [
      'Metrics of Temporal',
      `http://127.0.0.1:PORT/metrics of ${layout.temporal.map(({ name, metricsPort }) => `${name.slice('temporal-'.length)} :${metricsPort}`).join(', ')}`,
    ],
    ['PostgreSQL', stack.env.DATABASE_URL ?? ''],
    ['Kafka', stack.env.KAFKA_BROKERS ?? ''],
    ['Logs', `${join(stack.dataDir, '..')}/{servers,platform}/logs`],
  ]);
}
