/** Watches the signs by which one sees that work goes on, and how long each of them stands still. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchPlatform, call, simulatorStats } from './campaign-bench.ts';
import { metricsOf, sumOf } from './processes.ts';

const SAMPLE_MS = 100;
/** A question that is not answered by then is asked again: a part that is being killed may never answer. */
const ANSWER_MS = 2_000;

/** What stops when every terminal is final. */
const ENDING = ['dispatched', 'looks', 'settled', 'published', 'sealed'];

/**
 * Each gives a number that is another one whenever work has gone on; 0 says nothing, as the counters of a process begin
 * there. It throws while nobody answers.
 */
type Sign = () => Promise<number>;

export interface Watch {
  /**
   * Longest time without news of each sign from `since` (epoch ms) until now, where it had something left to do then:
   * one that still stands still counts with the time until now, one that is through with that until it was.
   */
  standstills(since: number): Record<string, number>;
  /** Whether each sign has moved since then, or is through. */
  allMovedSince(since: number): boolean;
  stop(): Promise<void>;
}

/**
 * The signs: terminals asked for (`dispatched`), looks (`looks`), terminals that became final (`settled`), messages that
 * Kafka has acknowledged (`published`), events that are in the chain (`sealed`), and answers of the API (`answered`).
 * @param terminals of all the campaigns together
 */
export function watchWork(platform: BenchPlatform, campaignIds: readonly string[], terminals: number): Watch {
  const over = new AbortController();
  let answers = 0;
  const signs: Record<string, Sign> = {
    dispatched: async () => (await simulatorStats(platform)).accepted,
    looks: async () => (await simulatorStats(platform)).hardware.calls,
    settled: () =>
      count(
        platform,
        `SELECT count(*)::integer AS n FROM campaign_tpe
         WHERE campaign_id = ANY($1::uuid[]) AND status NOT IN ('PENDING', 'REQUESTED', 'INSTALLING')`,
        [campaignIds],
      ),
    published: async () =>
      sumOf(await metricsOf(platform.stack, 'relay'), 'kafka_producer_messages_total', 'acknowledged'),
    sealed: () => count(platform, 'SELECT position::integer AS n FROM event_chain_head'),
    answered: async () => {
      await call(platform, `/campaigns/${campaignIds[0]}`);
      return ++answers;
    },
  };
  /** Epoch ms of the news of each sign, oldest first. */
  const news = new Map<string, number[]>();
  /** Signs that will not move any more, because the campaigns are through with that. */
  const through = new Set<string>();
  const watching = Object.entries(signs).map(async ([name, sign]) => {
    const times = [Date.now()];
    news.set(name, times);
    let last = 0;
    while (!over.signal.aborted) {
      const value = await answered(sign);
      if (value && value !== last) {
        times.push(Date.now());
        last = value;
        if (name === 'dispatched' && value >= terminals) through.add(name);
        if (name === 'settled' && value >= terminals) ENDING.forEach((each) => through.add(each));
      }
      await sleep(SAMPLE_MS, undefined, { signal: over.signal }).catch(() => undefined);
    }
  });
  return {
    standstills(since) {
      const open = [...news].filter(([name, times]) => !through.has(name) || (times.at(-1) ?? 0) > since);
      return Object.fromEntries(
        open.map(([name, times]) => {
          const until = through.has(name) ? (times.at(-1) ?? since) : Date.now();
          return [name, longestGap([since, ...times.filter((at) => at > since), until])];
        }),
      );
    },
    allMovedSince: (since) =>
      [...news].every(([name, times]) => through.has(name) || (times.at(-1) ?? 0) > since),
    async stop() {
      over.abort();
      await Promise.all(watching);
    },
  };
}

async function answered(sign: Sign): Promise<number | undefined> {
  const late = sleep(ANSWER_MS, undefined, { ref: false });
  return Promise.race([sign().catch(() => undefined), late]);
}

async function count({ db }: BenchPlatform, text: string, values: unknown[] = []): Promise<number> {
  const { rows } = await db.query<{ n: number }>(text, values);
  return rows[0]?.n ?? 0;
}

/** @param times ascending */
function longestGap(times: readonly number[]): number {
  return Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? at)));
}
