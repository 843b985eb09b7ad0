#!/usr/bin/env node
/**
 * The command line: talks to the HTTP API only.
 *
 * Exit codes: 0 done; 1 refused or failed, with the reason on stderr; 2 the command line is wrong; 3 the API
 * is not reachable.
 */
import { Command, CommanderError } from 'commander';
import { addAuditCommands } from './audit.ts';
import { addCampaignCommands } from './campaign.ts';
import { addDlqCommands } from './dlq.ts';
import { addFleetCommands } from './fleet.ts';
import { addGroupCommands } from './group.ts';
import { CliError, EXIT } from './http.ts';
import { DEFAULT_URL } from './options.ts';
import { printProblem } from './output.ts';
import { addReplayCommand } from './replay.ts';
import { addSiteCommands } from './site.ts';
import { addStatisticsCommand } from './statistics.ts';
import { addTemplateCommands } from './template.ts';

const EXIT_CODES = `
Exit codes: ${EXIT.ok} done, ${EXIT.refused} refused or failed, ${EXIT.usage} wrong command line, ${EXIT.unreachable} API not reachable.`;

/** @param quiet what is wrong with the command line is written by us, as JSON */
function createProgram(quiet: boolean): Command {
  const program = new Command('tpe')
    .description('Update campaigns for payment terminals')
    .option('--url <url>', 'where the API is (TPE_API_URL)', process.env.TPE_API_URL || DEFAULT_URL)
    .option('--json', 'write JSON, one document per line; problems too, on stderr')
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(add --help for help)')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  if (quiet) program.configureOutput({ writeErr: () => undefined });
  // Commands take over these settings when they are added.
  addFleetCommands(program);
  addCampaignCommands(program);
  addGroupCommands(program);
  addTemplateCommands(program);
  addSiteCommands(program);
  addStatisticsCommand(program);
  addReplayCommand(program);
  addDlqCommands(program);
  addAuditCommands(program);
  return program;
}

async function main(argv: readonly string[]): Promise<number> {
  const json = argv.includes('--json');
  try {
    await createProgram(json).parseAsync(argv, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CliError) {
      printProblem(error.problem, json);
      return error.exitCode;
    }
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.ok;
      if (json) printProblem({ type: 'about:blank', title: error.message, code: error.code }, json);
      return EXIT.usage;
    }
    throw error;
  }
}

// A reader that has had enough (`tpe fleet list | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

process.exitCode = await main(process.argv.slice(2));
