/** The command line as its users run it: a process of its own, here against an API of the tests. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

export interface RunOptions {
  /** Where the API is. */
  url: string;
  /** What it finds on stdin. */
  input?: string | Buffer;
}

/** @returns what it has ended with, and what it has written to stdout so far */
export function startTpe(
  args: readonly string[],
  { url, input = '' }: RunOptions,
): { ended: Promise<Ended>; out: () => string } {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, TPE_API_URL: url, NO_COLOR: '1' },
  });
  // It may end without having read all of it.
  child.stdin.on('error', () => undefined).end(input);
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  const err = text(child.stderr);
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { ended: code.then(async (status) => ({ code: status, out, err: await err })), out: () => out };
}

export function runTpe(args: readonly string[], options: RunOptions): Promise<Ended> {
  return startTpe(args, options).ended;
}
