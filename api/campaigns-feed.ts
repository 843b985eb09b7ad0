/** The live state of all campaigns that have not ended: one look at the database for however many listen. */
import type { Config } from '../config.ts';
import { lookAtLiveCampaigns } from '../db/campaign-live.ts';
import type { Pool } from '../db/pool.ts';
import { isFinalCampaignStatus, type StatusCounts } from '../workflows/status.ts';
import { summariseCampaign, type CampaignSummary } from './campaign-summary.ts';

export interface CampaignsListener {
  /** Called once, first: every campaign that has not ended. */
  opened(campaigns: CampaignSummary[]): void;
  /** Called with those that are new or different; one that has ended comes a last time. */
  changed(campaigns: CampaignSummary[]): void;
  /** The feed is closing: nothing more will come. */
  closed(): void;
}

export interface CampaignsFeedOptions {
  /** Milliseconds between two looks, at least. */
  everyMs?: number;
  /** Told of a look that failed; the next one follows as usual. */
  onError?: (error: unknown) => void;
}

/** A look that takes long is followed by a pause this many times as long: the database has other work. */
const PAUSE_FACTOR = 8;

/** What was seen of a campaign last. */
interface Seen {
  counts: StatusCounts;
  /** As JSON. */
  state: string;
}

export class CampaignsFeed {
  readonly #pool: Pool;
  readonly #config: Config['temporal'];
  readonly #everyMs: number;
  readonly #onError: (error: unknown) => void;
  readonly #listeners = new Set<CampaignsListener>();
  /** Those of the listeners that have not been told anything yet. */
  readonly #waiting = new Set<CampaignsListener>();
  #seen = new Map<string, Seen>();
  #since: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(pool: Pool, config: Config['temporal'], options: CampaignsFeedOptions = {}) {
    this.#pool = pool;
    this.#config = config;
    this.#everyMs = options.everyMs ?? 500;
    this.#onError = options.onError ?? (() => undefined);
  }

  /** How many listen. */
  get listeners(): number {
    return this.#listeners.size;
  }

  /** @returns stops it */
  subscribe(listener: CampaignsListener): () => void {
    this.#listeners.add(listener);
    this.#waiting.add(listener);
    this.#lookIn(0);
    return () => {
      this.#listeners.delete(listener);
      this.#waiting.delete(listener);
      if (this.#listeners.size === 0) this.#forget();
    };
  }

  /** Tells every listener that nothing more will come, and looks no more. */
  close(): void {
    for (const listener of this.#listeners) listener.closed();
    this.#listeners.clear();
    this.#waiting.clear();
    this.#forget();
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#seen = new Map();
    this.#since = undefined;
  }

  #lookIn(ms: number): void {
    clearTimeout(this.#timer);
    // The look that is under way may have begun before the newest listener came: it is followed by another.
    if (this.#looking) return;
    this.#timer = setTimeout(() => void this.#lookAndGoOn(), ms);
  }

  async #lookAndGoOn(): Promise<void> {
    this.#looking = true;
    const from = performance.now();
    await this.#look().catch(this.#onError);
    this.#looking = false;
    if (this.#listeners.size === 0) return this.#forget();
    const pause = Math.max(this.#everyMs, (performance.now() - from) * PAUSE_FACTOR);
    this.#lookIn(this.#waiting.size > 0 ? this.#everyMs : pause);
  }

  async #look(): Promise<void> {
    const newcomers = [...this.#waiting];
    // Kept here: all may be forgotten while the database is asked.
    const seen = this.#seen;
    const { rows, counts, since } = await lookAtLiveCampaigns(this.#pool, [...seen.keys()], this.#since);
    const open = new Map<string, Seen>();
    const live: CampaignSummary[] = [];
    const changed: CampaignSummary[] = [];
    for (const row of rows) {
      const before = seen.get(row.campaignId);
      const now = counts.get(row.campaignId) ?? before?.counts ?? {};
      const summary = summariseCampaign(this.#config, row, now);
      const state = JSON.stringify(summary);
      if (state !== before?.state) changed.push(summary);
      if (isFinalCampaignStatus(row.status)) continue;
      open.set(row.campaignId, { counts: now, state });
      live.push(summary);
    }
    this.#seen = open;
    this.#since = since;
    this.#tell(newcomers, live, changed);
  }

  #tell(newcomers: readonly CampaignsListener[], live: CampaignSummary[], changed: CampaignSummary[]): void {
    for (const listener of this.#listeners) {
      // One that came during the look hears of it by its own, first.
      if (changed.length > 0 && !this.#waiting.has(listener)) listener.changed(changed);
    }
    for (const listener of newcomers) if (this.#waiting.delete(listener)) listener.opened(live);
  }
}
