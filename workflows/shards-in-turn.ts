/** The shards of a wave begin a few at a time, and each tells when all its terminals have a tracker. */
import { log, patched, setHandler, sleep } from '@temporalio/workflow';
import { shardBegunSignal } from './messages.ts';
import { Turns } from './turns.ts';

/** Terminals from which on a wave's shards, and their trackers, begin in turn. */
const CROWD = 500;

/**
 * Shards that begin at once, and trackers of each. Together they keep two cores of a server busy; more only wait in its queues,
 * which know no priority, so that the dispatch of other campaigns waits behind them. Children of one parent wait for one another.
 */
const SHARDS_AT_ONCE = 20;
export const TRACKERS_AT_ONCE = 4;

/** While none begins for so long, one more is let go ahead: a shard at a worker of older code does not tell. */
const PATIENCE = '2 minutes';

/** What campaigns are told apart by that began before there were turns (decision 14). */
export const IN_TURN = 'shards-in-turn';

/** Not asked where it makes no difference, so that such a wave can still go on at a worker of older code. */
export function isInTurn(terminals: number): boolean {
  return terminals >= CROWD && patched(IN_TURN);
}

export class ShardTurns {
  private readonly turns = new Turns(SHARDS_AT_ONCE);
  private readonly beginning = new Set<number>();
  private begun = 0;
  private isWatched = false;

  constructor() {
    setHandler(shardBegunSignal, (shard) => this.pass(shard));
  }

  /** Resolves when this shard may begin. */
  async take(shard: number): Promise<void> {
    const turn = this.turns.take();
    if (this.turns.areAwaited && !this.isWatched) void this.watch();
    await turn;
    this.beginning.add(shard);
  }

  /** The shard has begun, or never will. */
  pass(shard: number): void {
    if (!this.beginning.delete(shard)) return;
    this.begun++;
    this.turns.pass();
  }

  private async watch(): Promise<void> {
    this.isWatched = true;
    while (this.turns.areAwaited) {
      const { begun } = this;
      await sleep(PATIENCE, { summary: 'for a shard to begin' });
      const [oldest] = this.beginning;
      if (this.begun > begun || oldest === undefined) continue;
      log.warn('a shard does not tell that it has begun; the next one begins', { shard: oldest });
      this.pass(oldest);
    }
    this.isWatched = false;
  }
}
