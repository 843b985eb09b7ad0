/** Fills the form in as an earlier campaign was, where its address says so. */
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Draft } from './draft.ts';
import { likeCampaign } from './like-campaign.ts';

export interface Filling {
  /** It is not filled in yet. */
  waiting: boolean;
  error: unknown;
  retry: () => void;
  /** The list of that campaign was too long: its end is missing. */
  cut: boolean;
}

export function useLike({ like }: Draft, change: (change: Partial<Draft>) => void): Filling {
  const campaignId = like?.campaignId ?? '';
  const waiting = like !== undefined && !like.filled;
  const { data, error, refetch } = useQuery({
    queryKey: ['new-campaign', 'like', campaignId],
    queryFn: ({ signal }) => likeCampaign(campaignId, signal),
    enabled: waiting,
    staleTime: Infinity,
  });
  useEffect(() => {
    if (waiting && data) change({ ...data.filled, like: { campaignId, filled: true } });
  }, [waiting, data, campaignId, change]);
  return { waiting, error, retry: () => void refetch(), cut: data?.cut ?? false };
}
