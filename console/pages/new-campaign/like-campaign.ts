/** An earlier campaign as a form that is filled in: its version, its targets as they were asked for, its policy. */
import { answer, api } from '../../api/client.ts';
import type { Campaign, Policy, PolicyRequest } from '../../api/schema.ts';
import type { Draft } from './draft.ts';
import { toForm } from './policy-form.ts';
import { readAll } from './read-all.ts';

/** Terminals that the API takes as a list. */
export const MOST_IDS = 100_000;

export interface Like {
  filled: Partial<Draft>;
  /** It had more terminals than a list may have. */
  cut: boolean;
}

/** @throws ApiProblem, ApiUnreachable */
export async function likeCampaign(campaignId: string, signal: AbortSignal): Promise<Like> {
  const params = { path: { campaignId } };
  const campaign = await answer(api.GET('/api/v1/campaigns/{campaignId}', { params, signal }));
  const { name, targetVersion: version, targets } = campaign;
  const filled: Partial<Draft> = {
    version,
    // The API's own name would say the old version when another is chosen.
    name: name === `Update to ${version}` ? '' : name,
    how: 'own',
    own: toForm(asAsked(campaign.policy)),
  };
  if (typeof targets.tpeIds !== 'number') return { filled: { ...filled, ...whoOf(targets) }, cut: false };
  const { items, cut } = await readAll(MOST_IDS, (query) =>
    answer(
      api.GET('/api/v1/campaigns/{campaignId}/tpes', {
        params: { path: { campaignId }, query },
        signal,
      }),
    ),
  );
  return { filled: { ...filled, kind: 'ids', ids: items.map(({ tpeId }) => tpeId).join('\n') }, cut };
}

/** Targets that are no list; a filter as the rule that it stands for. */
export function whoOf({ rule, group, filter }: Campaign['targets']): Partial<Draft> {
  if (typeof rule === 'string') return { kind: 'rule', rule };
  if (typeof group === 'string') return { kind: 'group', group };
  if (typeof filter === 'object' && filter !== null) return { kind: 'rule', rule: ruleOf(filter) };
  return { kind: 'all' };
}

function ruleOf(filter: object): string {
  const condition = ([name, value]: [string, unknown]): string =>
    `${name === 'versionBelow' ? 'version <' : `${name} =`} ${JSON.stringify(value)}`;
  return Object.entries(filter).map(condition).join(' and ');
}

/** The policy as it would be asked for again, without its times: they are over. */
export function asAsked({ polling, waves, ...policy }: Policy): PolicyRequest {
  return {
    ...policy,
    polling: { windows: polling },
    waves: waves.map(({ name, size, gate }, index) => ({
      // Without a name of its own it is named after its place, which may be another now.
      ...(name !== `wave ${index + 1}` && { name }),
      ...size,
      gate,
    })),
    startAt: null,
    endAt: null,
  };
}
