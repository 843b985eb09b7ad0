import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A process that must not outlive the stack, and how it is ended. */
export interface Watched {
  pid: number;
  stage: number;
  stopSignal: NodeJS.Signals;
  stopTimeoutMs: number;
}
export type ReaperMessage = { watch: Watched } | { forget: number };

/** The stack's side of `reaper.ts`. */
export class Reaper {
  readonly #dataDir: string;
  readonly #watched = new Map<number, Watched>();
  #child: ChildProcess;
  #closed = false;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.#child = this.#spawn();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  watch(pid: number, { stage, stopSignal, stopTimeoutMs }: Omit<Watched, 'pid'>): void {
    const watched = { pid, stage, stopSignal, stopTimeoutMs };
    this.#watched.set(pid, watched);
    this.#tell({ watch: watched });
  }

  forget(pid: number): void {
    this.#watched.delete(pid);
    this.#tell({ forget: pid });
  }

  /** Lets it go; it ends at once when nothing is left to end. */
  close(): void {
    this.#closed = true;
    this.#child.stdin?.end();
  }

  #spawn(): ChildProcess {
    const script = fileURLToPath(new URL('./reaper.ts', import.meta.url));
    // Detached, so that what is sent to our process group does not reach it.
    const child = spawn(process.execPath, [script, this.#dataDir], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.stdin.on('error', () => undefined);
    child.unref();
    child.once('exit', () => {
      if (this.#closed) return;
      this.#child = this.#spawn();
      for (const watched of this.#watched.values()) this.#tell({ watch: watched });
    });
    return child;
  }

  #tell(message: ReaperMessage): void {
    if (this.#child.stdin?.writable) this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }
}
