/** Addresses: of this API's own resources, and of what the Temporal Web UI shows. */
import type { Config } from '../config.ts';
import { campaignWorkflowId, tpeWorkflowId } from '../workflows/names.ts';

export const BASE = '/api/v1';

export interface CampaignLinks {
  self: string;
  tpes: string;
  events: string;
  stream: string;
  temporal: string;
}

export function campaignLinks(config: Config['temporal'], campaignId: string): CampaignLinks {
  const self = `${BASE}/campaigns/${campaignId}`;
  return {
    self,
    tpes: `${self}/tpes`,
    events: `${self}/events`,
    stream: `${self}/stream`,
    temporal: workflowUrl(config, campaignWorkflowId(campaignId)),
  };
}

/** A terminal within a campaign: its master data, and its tracker in the Temporal Web UI. */
export function campaignTpeLinks(
  config: Config['temporal'],
  campaignId: string,
  tpeId: string,
): { self: string; temporal: string } {
  return {
    self: `${BASE}/tpes/${tpeId}`,
    temporal: workflowUrl(config, tpeWorkflowId(campaignId, tpeId)),
  };
}

function workflowUrl({ uiUrl, namespace }: Config['temporal'], workflowId: string): string {
  return `${uiUrl.replace(/\/$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${workflowId}`;
}
