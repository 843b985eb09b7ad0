/** Terminals that come to a campaign while it runs: each time that there are some, they are one more run of its last wave. */
import { CancellationScope, condition, proxyActivities, setHandler } from '@temporalio/workflow';
import type { CampaignActivities, PlannedWave } from '../activities/types.ts';
import { ordersAddedSignal } from './messages.ts';
import { CAMPAIGN_TASK_QUEUE } from './names.ts';
import { platform } from './platform.ts';
import { type Batch, orderPause } from './policy/sizing.ts';

/** Rounds in which joining terminals are taken in; each costs the campaign's history about 20 events. */
const MAX_JOIN_ROUNDS = 200;
/** The same for ordered ones: after the last no order is taken any more. */
const MAX_ORDER_ROUNDS = 400;

export interface IntakeOptions {
  campaignId: string;
  /** Nothing more is asked for. */
  isOver: () => boolean;
  /** Has these terminals updated as part of the wave. */
  start: (wave: PlannedWave, lanes: Batch[]) => void;
}

export interface CampaignIntake {
  /** Takes in what comes to match the campaign's targets, until its end. */
  joiners(wave: PlannedWave | undefined, endAt: string | null): Promise<void>;
  /** Takes in what other systems order, until none has come for so long. */
  orders(wave: PlannedWave | undefined, keepOpenSeconds: number): Promise<void>;
}

/** Listens for orders from now on. */
export function openCampaignIntake({ campaignId, isOver, start }: IntakeOptions): CampaignIntake {
  let orderNews = 0;
  setHandler(ordersAddedSignal, () => void orderNews++);

  return {
    async joiners(wave, endAt) {
      if (!wave || endAt === null) return;
      const every = Math.max(60_000, (Date.parse(endAt) - Date.now()) / MAX_JOIN_ROUNDS);
      const { awaitJoiners } = proxyActivities<CampaignActivities>({
        taskQueue: CAMPAIGN_TASK_QUEUE,
        summary: 'wait for terminals that come to match',
        startToCloseTimeout: '5 minutes',
        retry: { initialInterval: every, backoffCoefficient: 1, maximumInterval: every },
      });
      for (let round = 0; round < MAX_JOIN_ROUNDS && !isOver(); round++) {
        const scope = new CancellationScope();
        const lanes = await Promise.race([
          scope.run(() => awaitJoiners(campaignId)).catch(() => [] as Batch[]),
          condition(isOver).then(() => [] as Batch[]),
        ]);
        scope.cancel();
        if (lanes.length === 0) continue;
        start(wave, lanes);
        if (await condition(isOver, every)) break;
      }
      await condition(isOver);
    },

    async orders(wave, keepOpenSeconds) {
      if (!wave) return;
      const taken = Object.fromEntries(wave.lanes.map(({ tms, to }) => [tms, to]));
      let seen = 0;
      for (let round = 1; !isOver(); round++) {
        const hasNews = (): boolean => isOver() || orderNews > seen;
        const isIdle = !(await condition(hasNews, keepOpenSeconds * 1000));
        // What comes together is asked for together.
        if (!isIdle && (await condition(isOver, orderPause(round)))) return;
        seen = orderNews;
        const close = round === MAX_ORDER_ROUNDS ? 'always' : isIdle ? 'if-none' : 'never';
        const { lanes, closed } = await platform.takeOrders(campaignId, taken, close);
        for (const { tms, to } of lanes) taken[tms] = to;
        if (lanes.length > 0) start(wave, lanes);
        if (closed) return;
      }
    },
  };
}
