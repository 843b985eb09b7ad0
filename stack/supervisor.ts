import { join } from 'node:path';
import type { DataDir } from './data-dir.ts';
import { StackError } from './errors.ts';
import { ManagedProcess, type ProcessSpec } from './managed-process.ts';
import type { Progress } from './progress.ts';

/** The processes of one stack: started one by one, stopped together in the reverse of their stages. */
export class Supervisor {
  readonly #dataDir: DataDir;
  readonly #progress: Progress;
  readonly #processes = new Map<string, ManagedProcess>();
  readonly #stopping = new AbortController();
  #stopped: Promise<void> | undefined;

  constructor(dataDir: DataDir, progress: Progress) {
    this.#dataDir = dataDir;
    this.#progress = progress;
  }

  /**
   * Starts a process and waits until it is ready; from then on it is started again whenever it ends.
   * @param done what to say when it is ready, by default that it runs
   */
  async start(spec: ProcessSpec, done = `${spec.label} runs`): Promise<ManagedProcess> {
    this.#stopping.signal.throwIfAborted();
    if (this.#processes.has(spec.name)) throw new StackError(`${spec.label} was started before.`);
    const managed = new ManagedProcess(spec, {
      logFile: join(this.#dataDir.logs, `${spec.name}.log`),
      reaper: this.#dataDir.reaper,
      note: (text) => this.#progress.note(text),
    });
    this.#processes.set(spec.name, managed);
    const task = this.#progress.task(`Starting ${spec.label}`);
    try {
      await managed.start(this.#stopping.signal);
      task.done(done);
      return managed;
    } catch (error) {
      this.#processes.delete(spec.name);
      task.drop();
      throw error;
    }
  }

  get(name: string): ManagedProcess {
    const managed = this.#processes.get(name);
    if (!managed) {
      throw new StackError(
        `No process ${name} was started; there are: ${[...this.#processes.keys()].join(', ')}.`,
      );
    }
    return managed;
  }

  /** Stops everything, the highest stage first; called again, it waits for the same end. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async #stopAll(): Promise<void> {
    this.#stopping.abort(new StackError('The stack is being stopped.'));
    const all = [...this.#processes.values()];
    const stages = [...new Set(all.map(({ spec }) => spec.stage))].sort((a, b) => b - a);
    for (const stage of stages) {
      await Promise.all(all.filter(({ spec }) => spec.stage === stage).map((managed) => managed.stop()));
    }
  }
}
