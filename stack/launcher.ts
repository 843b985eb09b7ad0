import { type Command, CommanderError, InvalidArgumentError } from 'commander';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeError, StackError } from './errors.ts';

/** How long a launcher is to live. */
export interface Lifetime {
  /** Aborted when it has been asked to stop: by Ctrl-C, SIGTERM, or because whoever started it is gone. */
  signal: AbortSignal;
  /** Resolves then. */
  stopRequested: Promise<void>;
}

/** Within this time a second signal is the same Ctrl-C, delivered by the terminal and by npm. */
const SAME_REQUEST_MS = 2_000;

/**
 * The main of a launcher: runs `body` and ends the process with the status that it gives; 130 where it throws
 * because it was asked to stop, 1 after another error, which is told on stderr. Asked to stop a second time, it
 * ends at once; what it has started is then ended by the reaper.
 */
export async function runLauncher(body: (lifetime: Lifetime) => Promise<number>): Promise<never> {
  const stopping = new AbortController();
  const stopRequested = new Promise<void>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve());
  });
  let requestedAt = 0;
  const request = (): void => {
    if (requestedAt === 0) {
      requestedAt = Date.now();
      process.stderr.write('\nStopping. Once more to stop at once.\n');
      stopping.abort(new StackError('Stopped before it was up.'));
    } else if (Date.now() - requestedAt > SAME_REQUEST_MS) process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, request);
  if (process.channel) {
    process.once('disconnect', request);
    // Listening must not keep us alive.
    process.channel.unref();
  }
  hushTimerWarnings();
  try {
    process.exit(await body({ signal: stopping.signal, stopRequested }));
  } catch (error) {
    if (stopping.signal.aborted) process.exit(130);
    process.stderr.write(`${describeError(error)}\n`);
    process.exit(1);
  }
}

/** kafkajs asks for timers in the past after each answer; Node takes them as "at once", which is meant. */
function hushTimerWarnings(): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name !== 'TimeoutNegativeWarning')
      process.stderr.write(`${warning.name}: ${warning.message}\n`);
  });
}

export interface StackFlags {
  portOffset: number;
  dataDir: string;
}

/** Adds the options that every launcher of a stack has; each has a variable, too. */
export function addStackOptions(command: Command, dataDir: string): Command {
  const { STACK_PORT_OFFSET, STACK_DATA_DIR } = process.env;
  return command
    .option(
      '--port-offset <n>',
      'added to every port, so that two stacks can run at once (STACK_PORT_OFFSET)',
      wholeNumber,
      STACK_PORT_OFFSET ? wholeNumber(STACK_PORT_OFFSET, 'STACK_PORT_OFFSET') : 0,
    )
    .option(
      '--data-dir <folder>',
      'where data and logs are kept (STACK_DATA_DIR)',
      STACK_DATA_DIR || dataDir,
    );
}

/**
 * Parses the command line.
 * @throws StackError that says what is wrong with it; prints the help and ends where that was asked for
 */
export function parse(command: Command, args = process.argv): void {
  let told = '';
  command.exitOverride().configureOutput({ writeErr: (text) => (told += text) });
  try {
    command.parse(args);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) process.exit(0);
    const message = told.replace(/^error: /, '').trim();
    throw new StackError(message || error.message, { remedy: `See ${command.name()} --help.` });
  }
}

/** A whole number of 0 or more, for an option. */
export function wholeNumber(value: string, variable?: unknown): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const message = `It must be a whole number, not "${value}".`;
  if (typeof variable === 'string') throw new StackError(`${variable} is wrong. ${message}`);
  throw new InvalidArgumentError(message);
}

/** A path below the checkout. */
export function inCheckout(...path: string[]): string {
  return join(fileURLToPath(new URL('../', import.meta.url)), ...path);
}
