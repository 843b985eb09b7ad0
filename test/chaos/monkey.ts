import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '../../stack/stack.ts';
import { between, pick, type Random } from '../support/random.ts';

const ROLES = ['relay', 'relay-2', 'consumers', 'consumers-2', 'api'];
const BROKER_AWAY_MS = 30_000;
/** Milliseconds for which processes are killed; after that what is left must get done. */
const KILLING_MS = 75_000;

/** Breaks something every second or so, the broker and the database once each; the supervisor starts what was killed. */
export class Monkey {
  readonly #stack: Stack;
  readonly #random: Random;
  readonly #stopping = new AbortController();

  constructor(stack: Stack, random: Random) {
    this.#stack = stack;
    this.#random = random;
  }

  /** @returns what it has done; the broker and the database have had their turn in any case */
  async run(): Promise<string[]> {
    const done: string[] = [];
    const kill = (name: string): void => {
      this.#stack.process(name).kill('SIGKILL');
      done.push(`killed ${name}`);
    };
    const parts = this.#breakParts(done);
    const until = Date.now() + KILLING_MS;
    while (!this.#stopping.signal.aborted && Date.now() < until) {
      await this.#after(500, 2_500);
      kill(pick(this.#random, ROLES));
    }
    await parts;
    return done;
  }

  async #breakParts(done: string[]): Promise<void> {
    await this.#after(4_000, 8_000);
    done.push('stopped the broker for 30 s');
    await this.#stack.process('kafka').stop();
    await sleep(BROKER_AWAY_MS);
    await this.#stack.process('kafka').start();
    await this.#after(1_000, 3_000);
    done.push('restarted PostgreSQL');
    await this.#stack.process('postgres').restart();
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** Resolves once every process runs. */
  async healed(): Promise<void> {
    await Promise.all(['kafka', 'postgres', ...ROLES].map((name) => this.#stack.process(name).ready()));
  }

  #after(from: number, to: number): Promise<unknown> {
    return sleep(between(this.#random, from, to));
  }
}
