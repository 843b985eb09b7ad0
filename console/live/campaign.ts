/** The progress of one campaign as it happens. */
import { useEffect, useEffectEvent, useState } from 'react';
import type { Progress } from '../api/schema.ts';
import { openStream } from './event-stream.ts';

export interface LiveProgress {
  /** Undefined until the first state has come. */
  progress: Progress | undefined;
  /** Nothing more will come. */
  ended: boolean;
}

/**
 * @param onChange told of each state, for what has to be read anew then: waves, terminals, events
 */
export function useLiveCampaign(campaignId: string, onChange?: (progress: Progress) => void): LiveProgress {
  const [live, setLive] = useState<LiveProgress & { of: string }>();
  const told = useEffectEvent((progress: Progress, ended: boolean) => {
    setLive({ progress, ended, of: campaignId });
    onChange?.(progress);
  });
  useEffect(
    () =>
      openStream({
        url: `/api/v1/campaigns/${campaignId}/stream`,
        events: {
          progress: (progress: Progress) => told(progress, false),
          end: (progress: Progress) => told(progress, true),
        },
        last: 'end',
      }),
    [campaignId],
  );
  return live?.of === campaignId ? live : { progress: undefined, ended: false };
}
