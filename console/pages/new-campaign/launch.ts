/** Creates the campaign. */
import { answer, api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import type { CampaignCreated } from '../../api/schema.ts';
import { CAMPAIGNS_KEY } from '../../live/campaigns.ts';
import { requestOf, type Draft } from './draft.ts';
import { PREVIEW_KEY } from './use-preview.ts';

/**
 * Repeated with the same form it gives the campaign that is there already.
 * @throws ApiProblem, ApiUnreachable
 */
export async function launch(draft: Draft, by: string): Promise<CampaignCreated> {
  try {
    return await answer(
      api.POST('/api/v1/campaigns', {
        body: { ...requestOf(draft), createdBy: by },
        params: { header: { 'idempotency-key': draft.key } },
      }),
    );
  } finally {
    // Also where no answer came: it may have been created.
    void queryClient.invalidateQueries({ queryKey: CAMPAIGNS_KEY });
    void queryClient.invalidateQueries({ queryKey: PREVIEW_KEY });
  }
}
