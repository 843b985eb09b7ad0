/** Statistics of a campaign. They are counted a moment after what happens, so that they are read until they have caught up. */
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { answer, api } from '../../api/client.ts';
import type { CampaignStatistics } from '../../api/schema.ts';
import { campaignKey } from './use-campaign.ts';

const CATCH_UP_MS = 3_000;
/** Items of each ranking. */
const TOP = 8;

export function useStatistics(campaignId: string): UseQueryResult<CampaignStatistics> {
  return useQuery({
    queryKey: [...campaignKey(campaignId), 'statistics'],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v1/campaigns/{campaignId}/statistics', {
          params: { path: { campaignId }, query: { top: TOP } },
          signal,
        }),
      ),
    refetchInterval: ({ state }) => (state.data && state.data.asOf.lagEvents > 0 ? CATCH_UP_MS : false),
  });
}
