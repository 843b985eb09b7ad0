/** Lets campaigns know that they have been ordered from. */
import type { Client } from '@temporalio/client';
import pLimit from 'p-limit';
import { startCampaignWorkflow } from '../api/start-campaign.ts';
import { withinDeadline } from '../api/temporal.ts';
import type { Logger } from '../observability/logger.ts';
import { ordersAddedSignal } from '../workflows/messages.ts';
import { campaignWorkflowId } from '../workflows/names.ts';

/** Milliseconds for which the news of a campaign are gathered; it waits longer itself before it asks for them. */
const GATHER_MS = 300;
/** Calls to Temporal at once. */
const CALLS = 8;

/**
 * Starts and signals campaigns beside the consumption of their orders, which needs no Temporal for it. A call that
 * fails, or that a crash prevents, is made good by the orchestrator (`workers/campaign-starter.ts`).
 */
export class CampaignNotifier {
  readonly #client: Client;
  readonly #logger: Logger;
  readonly #limit = pLimit(CALLS);
  /** Campaigns that will be told of what has come since the last time. */
  readonly #gathering = new Map<string, NodeJS.Timeout>();
  readonly #calls = new Set<Promise<void>>();

  constructor(client: Client, logger: Logger) {
    this.#client = client;
    this.#logger = logger;
  }

  start(campaign: { campaignId: string; name: string; targetVersion: string; correlationId: string }): void {
    this.#call(campaign.campaignId, async () => {
      await startCampaignWorkflow(this.#client, { ...campaign, total: null });
    });
  }

  tell(campaignId: string): void {
    if (this.#gathering.has(campaignId)) return;
    this.#gathering.set(
      campaignId,
      setTimeout(() => this.#signal(campaignId), GATHER_MS),
    );
  }

  /** Tells what is still to be told. */
  async stop(): Promise<void> {
    for (const [campaignId, timer] of this.#gathering) {
      clearTimeout(timer);
      this.#signal(campaignId);
    }
    await Promise.all(this.#calls);
  }

  #signal(campaignId: string): void {
    this.#gathering.delete(campaignId);
    this.#call(campaignId, () =>
      this.#client.workflow.getHandle(campaignWorkflowId(campaignId)).signal(ordersAddedSignal),
    );
  }

  #call(campaignId: string, call: () => Promise<void>): void {
    const calling = this.#limit(() => withinDeadline(this.#client, call)).catch((error: unknown) => {
      this.#logger.warn(
        { err: error, campaignId },
        'a campaign could not be told of its orders; the orchestrator will',
      );
    });
    this.#calls.add(calling);
    void calling.finally(() => this.#calls.delete(calling));
  }
}
