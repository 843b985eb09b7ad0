/** The live progress of campaigns: one look at the database per campaign and interval, however many listen. */
import { countStatuses, findCampaignStatus } from '../db/campaign.ts';
import type { Pool } from '../db/pool.ts';
import {
  countFinal,
  isFinalCampaignStatus,
  type CampaignStatus,
  type StatusCounts,
} from '../workflows/status.ts';

export interface Progress {
  campaignId: string;
  status: CampaignStatus;
  counts: StatusCounts;
  total: number;
  /** Terminals whose status is final. */
  final: number;
}

export interface ProgressListener {
  /** Called with each change; `ended` is true with the last one. */
  changed(progress: Progress, ended: boolean): void;
  /** The feed is closing: nothing more will come. */
  closed(): void;
}

interface Watch {
  listeners: Set<ProgressListener>;
  timer: NodeJS.Timeout | undefined;
  last: string | undefined;
}

export interface ProgressFeedOptions {
  /** Milliseconds between two looks. */
  everyMs?: number;
  /** Told of a look that failed; the next one follows as usual. */
  onError?: (error: unknown) => void;
}

export class ProgressFeed {
  readonly #pool: Pool;
  readonly #everyMs: number;
  readonly #onError: (error: unknown) => void;
  readonly #watches = new Map<string, Watch>();

  constructor(pool: Pool, { everyMs = 500, onError = () => undefined }: ProgressFeedOptions = {}) {
    this.#pool = pool;
    this.#everyMs = everyMs;
    this.#onError = onError;
  }

  /** Number of campaigns that are being looked at. */
  get watched(): number {
    return this.#watches.size;
  }

  /** The state now; undefined if there is no such campaign. */
  async read(campaignId: string): Promise<Progress | undefined> {
    // The status first: counts that are read after a final status are final too.
    const campaign = await findCampaignStatus(this.#pool, campaignId);
    if (!campaign) return undefined;
    const counts = (await countStatuses(this.#pool, [campaignId])).get(campaignId) ?? {};
    return { campaignId, ...campaign, counts, final: countFinal(counts) };
  }

  /**
   * Tells `listener` of every change from now on.
   * @returns stops it
   */
  subscribe(campaignId: string, listener: ProgressListener): () => void {
    let watch = this.#watches.get(campaignId);
    if (!watch) {
      watch = { listeners: new Set(), timer: undefined, last: undefined };
      this.#watches.set(campaignId, watch);
      this.#schedule(campaignId, watch);
    }
    const { listeners } = watch;
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#drop(campaignId, listeners);
    };
  }

  /** Tells every listener that nothing more will come, and looks no more. */
  close(): void {
    for (const { listeners } of this.#watches.values()) {
      for (const listener of listeners) listener.closed();
    }
    for (const { timer } of this.#watches.values()) clearTimeout(timer);
    this.#watches.clear();
  }

  #drop(campaignId: string, listeners: Set<ProgressListener>): void {
    const watch = this.#watches.get(campaignId);
    if (watch?.listeners !== listeners) return;
    clearTimeout(watch.timer);
    this.#watches.delete(campaignId);
  }

  #schedule(campaignId: string, watch: Watch): void {
    watch.timer = setTimeout(() => {
      this.#look(campaignId, watch)
        .catch(this.#onError)
        .finally(() => {
          if (this.#watches.get(campaignId) === watch) this.#schedule(campaignId, watch);
        });
    }, this.#everyMs);
  }

  async #look(campaignId: string, watch: Watch): Promise<void> {
    const progress = await this.read(campaignId);
    if (!progress) return;
    const state = JSON.stringify(progress);
    if (state === watch.last) return;
    watch.last = state;
    const ended = isFinalCampaignStatus(progress.status);
    for (const listener of watch.listeners) listener.changed(progress, ended);
  }
}
