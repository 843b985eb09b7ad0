import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { StackError } from './errors.ts';

/** The path of an executable on PATH, or null. */
export async function onPath(name: string): Promise<string | null> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder === '') continue;
    const path = join(folder, name);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

export interface RunOptions {
  cwd?: string;
  /** Added to this process's own environment. */
  env?: Record<string, string>;
  /** Aborting it kills the command. */
  signal?: AbortSignal;
  timeoutMs?: number;
}

/**
 * Runs a command to its end and gives what it printed on stdout and stderr together.
 * @throws StackError with the end of that output when it fails
 */
export async function run(command: string, args: string[], options: RunOptions = {}): Promise<string> {
  const signals = [options.signal, options.timeoutMs ? AbortSignal.timeout(options.timeoutMs) : undefined];
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.any(signals.filter((signal) => signal !== undefined)),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-100_000)));
  }
  const failure = await new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) =>
      resolve(code === 0 ? null : signal ? `ended by ${signal}` : `exit status ${code}`),
    );
  });
  options.signal?.throwIfAborted();
  if (failure === null) return output;
  throw new StackError(`${[command, ...args].join(' ')} failed: ${failure}`, { log: lastLines(output) });
}

/** The last lines of a text. */
export function lastLines(text: string, count = 20): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

/** The first dotted number in what a command prints about its version, or null when it does not run. */
export async function versionOf(command: string, ...args: string[]): Promise<string | null> {
  try {
    const output = await run(command, args, { timeoutMs: 20_000 });
    return /\d+(\.\d+)+/.exec(output)?.[0] ?? /\d+/.exec(output)?.[0] ?? null;
  } catch {
    return null;
  }
}
