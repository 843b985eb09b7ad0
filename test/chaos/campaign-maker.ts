import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { untilDone } from '../support/persistence.ts';
import { between, type Random } from '../support/random.ts';

/** OPS who make campaigns over HTTP, each until it is answered, under one idempotency key. */
export class CampaignMaker {
  /** Ids as answered, by idempotency key. */
  readonly made = new Map<string, Set<string>>();
  readonly #url: string;
  readonly #random: Random;

  constructor(port: string, random: Random) {
    this.#url = `http://127.0.0.1:${port}/api/v1/campaigns`;
    this.#random = random;
  }

  /** Every terminal of theirs runs the version already, so that they take none from the orders. */
  async makeAll(count: number): Promise<void> {
    for (let made = 0; made < count; made++) {
      const key = randomUUID();
      const again = between(this.#random, 1, 3);
      for (let n = 0; n < again; n++) await untilDone(() => this.#make(key));
      await sleep(between(this.#random, 200, 800));
    }
  }

  async #make(key: string): Promise<void> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key, 'x-actor': 'ops' },
      body: JSON.stringify({ targetVersion: '4.2.0', targets: { filter: { site: 'there' } } }),
    });
    if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
    const { campaignId } = (await response.json()) as { campaignId: string };
    this.made.set(key, (this.made.get(key) ?? new Set()).add(campaignId));
  }
}
