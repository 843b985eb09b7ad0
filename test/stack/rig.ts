/** What the tests of the stack share: folders, processes that do little, and looking at processes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { isAlive } from '../../stack/alive.ts';
import type { Progress } from '../../stack/progress.ts';

/** A folder that is deleted when the test has finished. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tpe-stack-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export { nodeSpec } from './node-spec.ts';

/** Keeps what a person would be told. */
export function recordedProgress(): Progress & { notes: string[]; started: string[] } {
  const notes: string[] = [];
  const started: string[] = [];
  return {
    notes,
    started,
    task: () => ({ update: () => undefined, done: (text) => void started.push(text), drop: () => undefined }),
    note: (text) => void notes.push(text),
  };
}

/** The processes of `pids` that still run. */
export function survivors(pids: readonly number[]): number[] {
  return pids.filter(isAlive);
}
