/** The orders of other systems on `tpe.update.command`: each becomes a terminal of a campaign, once. */
import type { Client } from '@temporalio/client';
import DataLoader from 'dataloader';
import { Problem } from '../api/errors.ts';
import { readPolicy } from '../api/policy.ts';
import type { Config } from '../config.ts';
import {
  addOrders,
  ORDER_REFUSALS,
  type Order,
  type OrderedCampaign,
  type OrderOutcome,
} from '../db/orders.ts';
import { isDatabaseAway } from '../db/outage.ts';
import type { Pool } from '../db/pool.ts';
import type { Logger } from '../observability/logger.ts';
import { ordersTotal } from '../observability/metrics.ts';
import { DEFAULT_POLICY } from '../workflows/policy/defaults.ts';
import { CampaignNotifier } from './campaign-notifier.ts';
import { GroupConsumer, type ConsumedMessage, type Verdict } from './consumer.ts';
import type { OrderData } from './messages.ts';
import { isOwn, OrderError, readOrder } from './order-message.ts';

export interface OrderDependencies {
  config: Pick<Config, 'kafka' | 'tms' | 'orders'>;
  pool: Pool;
  client: Client;
  logger: Logger;
}

/** Orders that share a statement, and the milliseconds for which the first of them waits for others. */
const GROUP_SIZE = 1_000;
const GROUP_MS = 5;

const handled: Verdict = {};

interface Asked {
  order: Order;
  data: OrderData;
}

export interface OrderHandler {
  /**
   * Handles a batch of messages, which may be of many campaigns; what this platform has published on the topic itself
   * is passed over. Safe to repeat: what was done is recognised. Gives a verdict per message; throws the error of the
   * database where it is away.
   */
  handle(messages: readonly ConsumedMessage[]): Promise<Verdict[]>;
  /** Tells the campaigns what they have not been told yet. */
  tellCampaigns(): Promise<void>;
}

/** Takes orders in, one consumer of the group `orders` among any number. */
export function consumeOrders(dependencies: OrderDependencies): {
  consumer: GroupConsumer;
  /** To be called when the consumer has stopped. */
  tellCampaigns: () => Promise<void>;
} {
  const { config, logger } = dependencies;
  const handler = createOrderHandler(dependencies);
  const consumer = new GroupConsumer({
    config,
    logger,
    group: 'orders',
    topic: 'tpe.update.command',
    stage: 'orders',
    handle: (messages) => handler.handle(messages),
    isOutage: isDatabaseAway,
    // All of them: orders of one campaign are spread over the partitions, and share a transaction.
    partitionsAtOnce: 12,
  });
  return {
    consumer,
    tellCampaigns: () => handler.tellCampaigns(),
  };
}

export function createOrderHandler({ config, pool, client, logger }: OrderDependencies): OrderHandler {
  const options = {
    topicPrefix: config.kafka.topicPrefix,
    tmsNames: config.tms.map(({ name }) => name),
  };
  const notifier = new CampaignNotifier(client, logger);
  let adding: Promise<unknown> = Promise.resolve();

  // What all partitions bring while one group is being written is the next: a campaign can be locked by one at a time.
  const loader = new DataLoader<Asked, Verdict>(
    (asked) => {
      const added = addAll(asked);
      adding = added;
      return added;
    },
    {
      cache: false,
      maxBatchSize: GROUP_SIZE,
      batchScheduleFn: (write) => void adding.finally(() => setTimeout(write, GROUP_MS)),
    },
  );

  return {
    handle: (messages) =>
      Promise.all(
        messages.map(async (message) => {
          if (isOwn(message)) return handled;
          try {
            return await loader.load(readOrder(message, config.orders.sources));
          } catch (error) {
            if (error instanceof OrderError) return refuse(error.code, error.message);
            throw error;
          }
        }),
      ),
    tellCampaigns: () => notifier.stop(),
  };

  /** @returns per order a verdict, or the error that keeps its campaign from being written */
  async function addAll(asked: readonly Asked[]): Promise<(Verdict | Error)[]> {
    const results = new Map<Asked, Verdict | Error>();
    for (const orders of Map.groupBy(asked, ({ data }) => data.campaignId).values()) {
      for (const part of partsOf(orders)) {
        for (const [each, verdict] of await addEach(part)) results.set(each, verdict);
      }
    }
    return asked.map((each) => results.get(each) ?? handled);
  }

  /** Halves what fails until the order that is to blame stands alone: others must not be refused for it. */
  async function addEach(asked: readonly Asked[]): Promise<[Asked, Verdict | Error][]> {
    try {
      const verdicts = await add(asked);
      return asked.map((each, index) => [each, verdicts[index] ?? handled]);
    } catch (error) {
      if (isDatabaseAway(error) || asked.length === 1) return asked.map((each) => [each, error as Error]);
      const middle = Math.ceil(asked.length / 2);
      return [...(await addEach(asked.slice(0, middle))), ...(await addEach(asked.slice(middle)))];
    }
  }

  async function add(asked: readonly Asked[]): Promise<Verdict[]> {
    const first = asked[0] as Asked;
    let campaign: OrderedCampaign;
    try {
      campaign = await planCampaign(config, pool, first);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return asked.map(() => refuse(error.code, error.message));
    }
    const orders = asked.map(({ order }) => order);
    const { outcomes, isNew } = await addOrders(pool, campaign, orders, options);
    if (isNew)
      notifier.start({
        ...campaign,
        targetVersion: first.data.targetVersion,
        correlationId: first.order.correlationId ?? first.order.eventId,
      });
    else if (outcomes.includes('added')) notifier.tell(campaign.campaignId);
    return outcomes.map(toVerdict);
  }
}

/** Orders of one campaign, so that one that makes a campaign of its own stands alone. */
function partsOf(orders: readonly Asked[]): Asked[][] {
  const [first, ...others] = orders as [Asked, ...Asked[]];
  return first.data.joinable ? [[...orders]] : [[first], ...(others.length > 0 ? [others] : [])];
}

async function planCampaign(
  { orders }: Pick<Config, 'orders'>,
  pool: Pool,
  { data, order }: Asked,
): Promise<OrderedCampaign> {
  const { campaignId, targetVersion, policyTemplate, joinable } = data;
  const { policy, template } = await readPolicy(pool, { policyTemplate });
  return {
    campaignId,
    name: data.name ?? `Update to ${targetVersion}, ordered by ${order.source}`,
    // Terminals come one by one: there is nothing to be cut into waves.
    policy: { ...policy, waves: DEFAULT_POLICY.waves, order: DEFAULT_POLICY.order, membership: 'static' },
    policyTemplate: template,
    keepOpenSeconds: joinable ? orders.keepOpenSeconds : null,
  };
}

/** Only what may change by itself is worth another try: a fleet import may bring the terminal. */
function toVerdict(outcome: OrderOutcome): Verdict {
  ordersTotal.inc({ outcome: outcome.toLowerCase() });
  if (outcome === 'added') return handled;
  if (outcome === 'repeated') return { repeated: true };
  return {
    dead: { code: outcome, message: ORDER_REFUSALS[outcome], retriable: outcome === 'UNKNOWN_TERMINAL' },
  };
}

function refuse(code: string, message: string): Verdict {
  ordersTotal.inc({ outcome: code.toLowerCase() });
  return { dead: { code: code.toUpperCase().replaceAll('-', '_'), message, retriable: false } };
}
