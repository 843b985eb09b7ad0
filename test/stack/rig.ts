/** What the tests of the stack share: folders, processes that do little, and looking at processes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { isAlive } from '../../stack/alive.ts';
import { type DataDir, openDataDir } from '../../stack/data-dir.ts';
import { type Progress, silentProgress } from '../../stack/progress.ts';
import { Supervisor } from '../../stack/supervisor.ts';

/** A folder that is deleted when the test has finished. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tpe-stack-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What a file supervises, from its first test to its last. */
export interface Supervised {
  readonly dataDir: DataDir;
  readonly supervisor: Supervisor;
}

/** A supervisor for all tests of a file; what it has started, and its folder, are gone after the file. */
export function superviseInFile(stopTimeoutMs: number): Supervised {
  let folder = '';
  let dataDir: DataDir | undefined;
  let supervisor: Supervisor | undefined;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tpe-stack-'));
    dataDir = await openDataDir(join(folder, 'data'));
    supervisor = new Supervisor(dataDir, silentProgress);
  });
  afterAll(async () => {
    await supervisor?.stop();
    dataDir?.release();
    rmSync(folder, { recursive: true, force: true });
  }, stopTimeoutMs);
  return {
    get dataDir() {
      return given(dataDir);
    },
    get supervisor() {
      return given(supervisor);
    },
  };
}

function given<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('it is there from the first test on');
  return part;
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
