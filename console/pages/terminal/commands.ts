/** Looks now, tries again, rolls back. What is refused is thrown: ApiProblem, ApiUnreachable. */
import { answer, api } from '../../api/client.ts';
import type { CampaignCreated, TpeDetail } from '../../api/schema.ts';
import { $actor } from '../../state/actor.ts';
import type { Entry } from './history.ts';

/** Longest name of a campaign. */
const MAX_NAME = 200;

export async function look(tpeId: string, { campaignId }: Entry): Promise<void> {
  const by = $actor.get();
  await answer(
    api.POST('/api/v1/campaigns/{campaignId}/tpes/{tpeId}/look', {
      params: { path: { campaignId, tpeId } },
      body: by === '' ? {} : { by },
    }),
  );
}

/** @param key the same for what is meant once, however often it is sent */
export function retry(
  tpeId: string,
  { campaignId }: Entry,
  by: string,
  key: string,
): Promise<CampaignCreated> {
  return answer(
    api.POST('/api/v1/campaigns/{campaignId}/tpes/{tpeId}/retry', {
      params: { path: { campaignId, tpeId }, header: { 'idempotency-key': key } },
      body: { createdBy: by },
    }),
  );
}

/** A campaign of its own over the one terminal, back to the version before. */
export function rollBack(
  { tpeId, idTms }: TpeDetail,
  fromVersion: string,
  by: string,
  key: string,
): Promise<CampaignCreated> {
  return answer(
    api.POST('/api/v1/campaigns', {
      params: { header: { 'idempotency-key': key } },
      body: {
        name: `Roll-back of ${idTms} to ${fromVersion}`.slice(0, MAX_NAME),
        targetVersion: fromVersion,
        targets: { tpeIds: [tpeId] },
        createdBy: by,
      },
    }),
  );
}

/** Not `crypto.randomUUID`, which browsers only have where the page comes by HTTPS. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
