import { Presets, SingleBar } from 'cli-progress';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../cli/http.ts';
import type { CampaignDetail } from '../cli/types.ts';
import { isFinalCampaignStatus } from '../workflows/status.ts';
import { StackError } from './errors.ts';

const LOOK_EVERY_MS = 500;
/** Without a terminal: a line this often. */
const LINE_EVERY_MS = 5_000;
/** The longest pause of the schedule, with time to spare. */
const STALLED_MS = 240_000;

/** Shows how far a campaign is. */
interface Display {
  show(campaign: CampaignDetail): void;
  stop(): void;
}

/**
 * Shows the campaign's progress until it has ended.
 * @returns its last state
 * @throws StackError when nothing has changed for a long time
 */
export async function followCampaign(
  api: ApiClient,
  campaignId: string,
  stream: NodeJS.WriteStream,
  { live, signal }: { live: boolean; signal: AbortSignal },
): Promise<CampaignDetail> {
  const display = live ? bar(stream) : lines(stream);
  let changedAt = Date.now();
  let before = '';
  try {
    for (;;) {
      const campaign = await api.call<CampaignDetail>(`campaigns/${campaignId}`);
      display.show(campaign);
      if (isFinalCampaignStatus(campaign.status)) return campaign;
      const now = JSON.stringify([campaign.status, campaign.counts]);
      if (now !== before) changedAt = Date.now();
      before = now;
      if (Date.now() - changedAt > STALLED_MS) {
        throw new StackError(`The campaign stands still: ${describe(campaign)}.`, {
          remedy: 'See the logs of the orchestrator and of the TMS worker.',
        });
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    }
  } finally {
    display.stop();
  }
}

function bar(stream: NodeJS.WriteStream): Display {
  const single = new SingleBar(
    { format: '{bar} {percentage} % · {value}/{total} final · {state}', hideCursor: true, stream },
    Presets.shades_classic,
  );
  let started = false;
  return {
    show(campaign) {
      const state = describe(campaign);
      if (started) single.update(campaign.final, { state });
      else single.start(campaign.total, campaign.final, { state });
      started = true;
    },
    stop: () => single.stop(),
  };
}

function lines(stream: NodeJS.WriteStream): Display {
  let shownAt = 0;
  let last: CampaignDetail | undefined;
  const write = (campaign: CampaignDetail): void => {
    stream.write(`  ${campaign.final}/${campaign.total} final · ${describe(campaign)}\n`);
    shownAt = Date.now();
    last = undefined;
  };
  return {
    show(campaign) {
      last = campaign;
      if (Date.now() - shownAt >= LINE_EVERY_MS) write(campaign);
    },
    stop() {
      if (last) write(last);
    },
  };
}

function describe({ status, counts }: CampaignDetail): string {
  const parts = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return [status, ...parts].join(' · ');
}
