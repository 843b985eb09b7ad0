/** One campaign as it is now, and word of when what is made of it must be read anew. */
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import { answer, api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import type { Campaign, CampaignSummary, Progress } from '../../api/schema.ts';
import { TPE_ORDER, isEnded } from '../../components/status.ts';
import { useLiveCampaign } from '../../live/campaign.ts';
import { $live } from '../../live/campaigns.ts';
import { newest, type Heard } from './newest.ts';
import { refresher } from './refresher.ts';

/** Milliseconds between two readings of what is made of the counts. */
const REFRESH_MS = 3_000;
/** A wave may change its state without any count: then it is seen after this time at the latest. */
const LOOK_AGAIN_MS = 30_000;

/** What begins with this is read anew when the counts move. */
export const campaignKey = (campaignId: string): string[] => ['campaign', campaignId];

export function useCampaign(campaignId: string): UseQueryResult<Heard<Campaign>> {
  return useQuery({
    queryKey: [...campaignKey(campaignId), 'detail'],
    queryFn: async ({ signal }) => {
      const at = Date.now();
      const params = { path: { campaignId } };
      return { value: await answer(api.GET('/api/v1/campaigns/{campaignId}', { params, signal })), at };
    },
    refetchInterval: ({ state }) => (state.data && !isEnded(state.data.value.status) ? LOOK_AGAIN_MS : false),
  });
}

export interface Live {
  campaign: Campaign;
  /** Another number whenever terminals and events are to be read anew, every few seconds at most. */
  revision: number;
  /** Something was done that the counts may not tell. */
  refresh: () => void;
}

/** @param asked the campaign as it was asked for last */
export function useLive(campaignId: string, asked: Heard<Campaign>): Live {
  const [revision, setRevision] = useState(0);
  const [progress, setProgress] = useState<Heard<Progress>>();
  const summary = useSummary(campaignId);
  const campaign = useMemo(() => newest(asked, progress, summary), [asked, progress, summary]);
  const refreshing = useMemo(
    () =>
      refresher(() => {
        setRevision((before) => before + 1);
        return queryClient.invalidateQueries({ queryKey: campaignKey(campaignId) });
      }, REFRESH_MS),
    [campaignId],
  );
  useEffect(() => refreshing.stop, [refreshing]);
  useLiveCampaign(campaignId, (value) => setProgress({ value, at: Date.now() }));
  // Whoever tells it first: then the other has nothing new to tell.
  const told = stateOf(campaign);
  const before = useRef(told);
  useEffect(() => {
    if (before.current !== told) refreshing.request();
    before.current = told;
  }, [told, refreshing]);
  return { campaign, revision, refresh: refreshing.request };
}

/** What the stream of all campaigns tells of this one: what it waits for, who has told it what. */
function useSummary(campaignId: string): Heard<CampaignSummary> | undefined {
  const [summary, setSummary] = useState<Heard<CampaignSummary>>();
  const heard = useEffectEvent((value: CampaignSummary | undefined) => {
    if (value && value !== summary?.value) setSummary({ value, at: Date.now() });
  });
  useEffect(() => {
    // What it told before this page was there may be older than what the page has asked for.
    let first = true;
    return $live.subscribe(({ campaigns }) => {
      const value = campaigns.get(campaignId);
      if (!first) heard(value);
      first = false;
    });
  }, [campaignId]);
  return summary?.value.campaignId === campaignId ? summary : undefined;
}

function stateOf({ status, counts, waitingFor, lastCommand, rollingBack }: Campaign): string {
  const numbers = TPE_ORDER.map((each) => counts[each] ?? 0);
  return JSON.stringify([status, numbers, waitingFor, lastCommand, rollingBack]);
}
