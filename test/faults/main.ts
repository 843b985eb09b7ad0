/**
 * `npm run test:faults [-- --minutes N --seed S …]`: breaks the platform at random while campaigns run. Tells on stderr
 * what it does; its last line is JSON. Exit status 1 when something does not hold.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { parse, runLauncher, wholeNumber } from '../../stack/launcher.ts';
import { FAULT_KINDS, type FaultKind } from './faults.ts';
import { runSuite } from './suite.ts';
import { runTwoCampaigns } from './two-campaigns.ts';

interface Flags {
  minutes: number;
  seed: number;
  terminals: { from: number; to: number };
  faults: { from: number; to: number };
  only?: string;
  kinds?: FaultKind[];
  following?: number;
  looksPerSecond: number;
}

/** On both sides of 500, from which on terminals begin in turn. */
const CAMPAIGN_SIZE = { from: 200, to: 700 };

const command = new Command('npm run test:faults --')
  .description(
    'Breaks the platform at random while campaigns run, and checks that nothing is lost or done twice.',
  )
  .option('--minutes <n>', 'begin rounds for so long; 0 is one round', Number, 5)
  .option('--seed <n>', 'repeat a run', wholeNumber, Date.now() % 1_000_000)
  .option('--terminals <from-to>', 'terminals of each campaign', range, CAMPAIGN_SIZE)
  .option('--faults <from-to>', 'faults of each round', range, { from: 4, to: 9 })
  .option('--only <text>', 'only faults whose name has this in it, for example "kill tms"')
  .option(
    '--following <n>',
    'instead: while a campaign of n terminals is followed, how soon another one is triggered',
    atLeastOne,
  )
  .option('--looks-per-second <n>', 'with --following: at the terminals of that campaign', atLeastOne, 100)
  .addOption(new Option('--kinds <kind...>', 'only faults of these kinds').choices(FAULT_KINDS));

await runLauncher(async ({ signal }) => {
  parse(command);
  const tell = (text: string): void => void process.stderr.write(`${text}\n`);
  const flags = command.opts<Flags>();
  const result =
    flags.following === undefined
      ? await runSuite({ ...flags, tell, signal })
      : await runTwoCampaigns({ ...flags, terminals: flags.following, tell });
  process.stdout.write(`${JSON.stringify({ seed: flags.seed, ...result })}\n`);
  return result.broken.length > 0 ? 1 : 0;
});

function atLeastOne(text: string): number {
  const number = wholeNumber(text);
  if (number === 0) throw new InvalidArgumentError('It must be at least 1.');
  return number;
}

function range(text: string): { from: number; to: number } {
  const [from = NaN, to = from] = text.split('-').map(Number);
  if (Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from <= to) return { from, to };
  throw new InvalidArgumentError('It must be FROM-TO, or one whole number.');
}
