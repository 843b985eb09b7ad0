/** Which terminals a command is about. */
import { Option, type Command } from 'commander';
import { EXIT, failure } from './http.ts';
import { readInput } from './input.ts';
import { collect } from './options.ts';

export interface TargetOptions {
  all?: boolean;
  tpe?: string[];
  file?: string;
  rule?: string;
  group?: string;
  model?: string;
  site?: string;
  tms?: string;
  versionBelow?: string;
}

/** The options of every command that is about terminals to update. */
export function addTargetOptions(command: Command): Command {
  return command
    .option('--all', 'every terminal of the fleet')
    .option('--tpe <tpeId...>', 'these terminals', collect)
    .option('--file <file>', 'the terminals that a file lists, one id per line; - is stdin')
    .option('--rule <rule>', 'terminals that meet a rule (docs/targeting.md)')
    .option('--group <name>', 'terminals of a group')
    .option('--model <model>', 'terminals of this model')
    .option('--site <site>', 'terminals at this site')
    .option('--tms <name>', 'terminals of this TMS')
    .option('--version-below <version>', 'terminals that run a lower version')
    .addOption(
      new Option('--busy <what>', 'terminals that another campaign is updating').choices(['refuse', 'skip']),
    );
}

/**
 * Exactly one way to name the terminals; several conditions of a filter are one way.
 * @throws CliError if there is none, or more than one
 */
export async function readTargets(given: TargetOptions): Promise<Record<string, unknown>> {
  const { model, site, tms, versionBelow, rule, group } = given;
  const filter = { model, site, tms, versionBelow };
  const filtered = Object.values(filter).some((value) => value !== undefined);
  const ways = [
    given.all,
    given.tpe,
    given.file !== undefined,
    rule !== undefined,
    group !== undefined,
    filtered,
  ];
  if (ways.filter(Boolean).length !== 1) {
    throw failure(
      EXIT.usage,
      'Which terminals?',
      'Give exactly one of --all, --tpe, --file, --rule, --group, or a filter of --model, --site, --tms, --version-below.',
    );
  }
  if (given.all) return { all: true };
  if (given.tpe) return { tpeIds: given.tpe };
  if (given.file !== undefined) return { tpeIds: await readIds(given.file) };
  if (rule !== undefined) return { rule };
  if (group !== undefined) return { group };
  return { filter };
}

/** One id per line; empty lines and what follows a # count for nothing. */
async function readIds(file: string): Promise<string[]> {
  const content = await readInput(file);
  return content
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
}
