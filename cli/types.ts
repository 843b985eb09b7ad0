/** The answers of the API, from the schemas that make its OpenAPI document. */
import type { z } from 'zod';
import type {
  campaignCreated,
  campaignDetail,
  campaignSummary,
  campaignTpe,
  commandAccepted,
  policyChanged,
  progress,
} from '../api/schemas/campaign.ts';
import type { campaignPreview } from '../api/schemas/campaign-preview.ts';
import type { erasureResult } from '../api/schemas/erasure.ts';
import type { policyTemplate } from '../api/schemas/policy-template.ts';
import type { group, ruleChecked } from '../api/schemas/rule.ts';
import type { site } from '../api/schemas/site.ts';
import type { importResult, tpe, tpeDetail } from '../api/schemas/tpe.ts';

export type CampaignCreated = z.output<typeof campaignCreated>;
export type CampaignSummary = z.output<typeof campaignSummary>;
export type CampaignDetail = z.output<typeof campaignDetail>;
export type CampaignTpe = z.output<typeof campaignTpe>;
export type CommandAccepted = z.output<typeof commandAccepted>;
export type PolicyChanged = z.output<typeof policyChanged>;
export type Progress = z.output<typeof progress>;
export type ImportResult = z.output<typeof importResult>;
export type ErasureResult = z.output<typeof erasureResult>;
export type Tpe = z.output<typeof tpe>;
export type TpeDetail = z.output<typeof tpeDetail>;
export type PolicyTemplate = z.output<typeof policyTemplate>;
export type Site = z.output<typeof site>;
export type CampaignPreview = z.output<typeof campaignPreview>;
export type Group = z.output<typeof group>;
export type RuleChecked = z.output<typeof ruleChecked>;
