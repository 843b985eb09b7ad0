import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, signalGroup } from './alive.ts';
import { StackError } from './errors.ts';
import { giveWay } from './give-way.ts';
import { ProcessLog } from './process-log.ts';
import type { Reaper } from './reaper-client.ts';

/** How a process is started, when it is ready, and how it is stopped. */
export interface ProcessSpec {
  /** Name of its log file. */
  name: string;
  /** What people call it. */
  label: string;
  command: string;
  args: string[];
  /** Added to this process's own environment; an empty text takes a variable away. */
  env?: Record<string, string>;
  cwd?: string;
  /** Where processors are short, it leaves nearly all of them to what does not yield. */
  yields?: boolean;
  /** Gives it an IPC channel, by which it learns that its parent is gone. */
  ipc?: boolean;
  /** Stages are stopped one after the other, the highest first, each one's processes at once. */
  stage: number;
  /** The signal by which it stops in an orderly way. */
  stopSignal: NodeJS.Signals;
  /** Milliseconds after which a stop becomes a SIGKILL. */
  stopTimeoutMs: number;
  /** Milliseconds that it may take to become ready. */
  readyTimeoutMs: number;
  /** One look: resolves when it is ready, throws when it is not yet. */
  check(): Promise<void>;
  /** Whether it runs and will never work again by itself: it is then killed, and so started again. Absent: never. */
  isBeyondHope?(): Promise<boolean>;
  /** Milliseconds between two looks whether it is. Default 5,000. */
  hopeEveryMs?: number;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** What a managed process needs around it. */
export interface ProcessSurroundings {
  logFile: string;
  reaper: Reaper;
  /** Told of each unexpected end and of what is done about it. */
  note(text: string): void;
}

const FIRST_RESTART_MS = 500;
const LAST_RESTART_MS = 15_000;
/** One that ran this long before it ended starts its back-off anew. */
const STEADY_MS = 60_000;
const HOPE_EVERY_MS = 5_000;
/** Looks in a row at which it must be beyond hope. */
const HOPELESS_LOOKS = 3;

/** "by SIGKILL", "with status 1": how a process ended. */
export function describeExit({ code, signal }: Exit): string {
  return signal ? `by ${signal}` : `with status ${code}`;
}

/** A process that is started again when it ends by itself, until it is told to stop. */
export class ManagedProcess {
  readonly spec: ProcessSpec;
  /** How often it was started again after an end that nobody had asked for. */
  restarts = 0;
  readonly #around: ProcessSurroundings;
  readonly #log: ProcessLog;
  #child: ChildProcess | undefined;
  #exit: Promise<Exit> = Promise.resolve({ code: null, signal: null });
  #ready: Promise<void> = Promise.resolve();
  #wanted = false;
  /** The process that was told to stop last. */
  #stoppingPid: number | undefined;
  #backOffMs = FIRST_RESTART_MS;
  #restarting = new AbortController();

  constructor(spec: ProcessSpec, around: ProcessSurroundings) {
    this.spec = spec;
    this.#around = around;
    this.#log = new ProcessLog(around.logFile);
  }

  /** The id of the running process; undefined while there is none. */
  get pid(): number | undefined {
    const child = this.#child;
    return child && child.exitCode === null && child.signalCode === null ? child.pid : undefined;
  }

  /**
   * Starts it and waits until it is ready.
   * @throws StackError with the end of its log when it ends or does not become ready; it is then not running
   */
  async start(signal?: AbortSignal): Promise<void> {
    this.#wanted = true;
    this.#restarting = new AbortController();
    this.#spawn();
    // Until it was ready once, an end is a failure of the start, not a reason to try again.
    try {
      await this.#becomeReady(signal);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Resolves when it is ready; after an unexpected end, when its successor is. */
  async ready(): Promise<void> {
    for (;;) {
      const current = this.#ready;
      await current.catch(() => undefined);
      if (current !== this.#ready) continue;
      if (!this.#wanted) throw new StackError(`${this.spec.label} was stopped.`);
      if (this.pid !== undefined) return current;
      await sleep(50);
    }
  }

  /** Sends a signal to it alone; what it has started is not told. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#child?.kill(signal);
  }

  /** How the process that runs now ends. */
  waitExit(): Promise<Exit> {
    return this.#exit;
  }

  /** Stops it, starts it and waits until it is ready. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Ends it in an orderly way, by force when that takes too long. Nothing happens when it does not run. */
  async stop(): Promise<void> {
    this.#wanted = false;
    this.#restarting.abort();
    const { pid } = this;
    if (pid === undefined) return;
    // A second signal would tell it to stop without finishing its work.
    if (this.#stoppingPid !== pid) this.kill(this.spec.stopSignal);
    this.#stoppingPid = pid;
    const timer = setTimeout(() => {
      this.#around.note(`${this.spec.label} did not stop within ${this.spec.stopTimeoutMs / 1000} s: killed`);
      signalGroup(pid, 'SIGKILL');
    }, this.spec.stopTimeoutMs);
    await this.#exit;
    clearTimeout(timer);
  }

  /** The last lines of its log. */
  logTail(count = 20): string {
    return this.#log.tail(count);
  }

  #spawn(): void {
    const { spec } = this;
    const log = this.#log.open();
    const env = { ...process.env, ...spec.env };
    for (const [name, value] of Object.entries(env)) if (value === '') delete env[name];
    // In a group of its own: a Ctrl-C on the terminal must reach only the supervisor, which stops the parts in
    // their order.
    const child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env,
      detached: true,
      stdio: ['ignore', log, log, ...(spec.ipc ? (['ipc'] as const) : [])],
    });
    closeSync(log);
    this.#child = child;
    this.#ready = new Promise(() => undefined);
    const { pid } = child;
    if (pid !== undefined) {
      this.#around.reaper.watch(pid, spec);
      if (spec.yields) void giveWay(pid);
    }
    const startedAt = Date.now();
    this.#exit = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#around.note(`${spec.label} could not be started: ${error.message}`);
        if (pid === undefined) resolve({ code: 127, signal: null });
      });
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    void this.#exit.then((exit) => {
      if (pid !== undefined) {
        // What it has left behind holds its port and its files.
        signalGroup(pid, 'SIGKILL');
        this.#around.reaper.forget(pid);
      }
      if (Date.now() - startedAt > STEADY_MS) this.#backOffMs = FIRST_RESTART_MS;
      return exit;
    });
  }

  /** Waits until the process that runs now is ready, and from then on starts it again when it ends. */
  async #becomeReady(signal?: AbortSignal): Promise<void> {
    const child = this.#child;
    const ready = this.#waitReady(signal);
    this.#ready = ready;
    ready.catch(() => undefined);
    await ready;
    void this.#exit.then((exit) =>
      this.#wanted && child === this.#child ? this.#startAgain(exit) : undefined,
    );
    if (child) void this.#killWhenHopeless(child);
  }

  async #killWhenHopeless(child: ChildProcess): Promise<void> {
    const { spec } = this;
    if (!spec.isBeyondHope) return;
    const isOurs = (): boolean => this.#wanted && child === this.#child && this.pid !== undefined;
    for (let looks = 0; isOurs(); looks = (await spec.isBeyondHope().catch(() => false)) ? looks + 1 : 0) {
      if (looks >= HOPELESS_LOOKS) {
        this.#around.note(`${this.spec.label} runs, but will not work again by itself: it is killed`);
        child.kill('SIGKILL');
        return;
      }
      await sleep(spec.hopeEveryMs ?? HOPE_EVERY_MS, undefined, { ref: false });
    }
  }

  async #waitReady(signal?: AbortSignal): Promise<void> {
    const { spec } = this;
    const deadline = Date.now() + spec.readyTimeoutMs;
    const exited = this.#exit.then((exit) => ({ exit }));
    for (let reason = ''; ;) {
      signal?.throwIfAborted();
      const looked = await Promise.race([
        exited,
        spec.check().then(
          () => 'ready' as const,
          (error: Error) => error,
        ),
      ]);
      // A check that succeeds while our own process is gone has met another one on the same port.
      const ended = this.pid === undefined ? await exited : null;
      if (ended !== null) {
        throw new StackError(`${spec.label} ended ${describeExit(ended.exit)} while it started.`, {
          remedy: `Its log: ${this.#around.logFile}`,
          log: this.logTail(),
        });
      }
      if (looked === 'ready') return;
      if (looked instanceof Error) reason = looked.message;
      if (Date.now() > deadline) {
        throw new StackError(`${spec.label} is not ready after ${spec.readyTimeoutMs / 1000} s: ${reason}`, {
          remedy: `Its log: ${this.#around.logFile}`,
          log: this.logTail(),
        });
      }
      await Promise.race([exited, sleep(200)]);
    }
  }

  async #startAgain(exit: Exit): Promise<void> {
    const { signal } = this.#restarting;
    let cause = `ended ${describeExit(exit)}`;
    while (this.#wanted) {
      const delay = this.#backOffMs;
      this.#backOffMs = Math.min(delay * 2, LAST_RESTART_MS);
      const why = this.#log.saysDiskFull() ? `${cause}, with no room left on its disk` : cause;
      this.#around.note(`${this.spec.label} ${why}: it is started again in ${delay / 1000} s`);
      await sleep(delay, undefined, { signal }).catch(() => undefined);
      if (!this.#wanted || signal.aborted) return;
      this.restarts++;
      this.#spawn();
      try {
        await this.#becomeReady(signal);
        this.#around.note(`${this.spec.label} runs again`);
        return;
      } catch (error) {
        if (signal.aborted) return;
        cause = (error as Error).message.replace(`${this.spec.label} `, '').replace(/\.$/, '');
        const { pid } = this;
        if (pid !== undefined) signalGroup(pid, 'SIGKILL');
        await this.#exit;
      }
    }
  }
}

/** Resolves when a process that is not our child has ended; false when it still runs after `timeoutMs`. */
export async function waitGone(pid: number, timeoutMs: number): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; isAlive(pid); await sleep(50)) {
    if (Date.now() > deadline) return false;
  }
  return true;
}
