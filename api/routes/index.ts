import type { Route } from '../route.ts';
import { auditRoutes } from './audit.ts';
import { campaignCommandRoutes } from './campaign-commands.ts';
import { campaignListRoutes } from './campaign-lists.ts';
import { campaignPolicyRoutes } from './campaign-policy.ts';
import { campaignPreviewRoutes } from './campaign-preview.ts';
import { campaignRetryRoutes } from './campaign-retry.ts';
import { campaignStreamRoutes } from './campaign-stream.ts';
import { campaignTpeLookRoutes } from './campaign-tpe-look.ts';
import { campaignsStreamRoutes } from './campaigns-stream.ts';
import { campaignRoutes } from './campaigns.ts';
import { contractRoutes } from './contracts.ts';
import { deadLetterRoutes } from './dead-letters.ts';
import { erasureRoutes } from './erasure.ts';
import { eventRoutes } from './events.ts';
import { groupRoutes } from './groups.ts';
import { operationRoutes } from './operation.ts';
import { policyTemplateRoutes } from './policy-templates.ts';
import { projectionRoutes } from './projections.ts';
import { siteRoutes } from './sites.ts';
import { statisticsRoutes } from './statistics.ts';
import { tagRoutes } from './tags.ts';
import { tmsEventRoutes } from './tms-events.ts';
import { tpeRoutes } from './tpes.ts';

/** Every route; a path without parameters stands before one with parameters that would match it. */
export const routes: readonly Route[] = [
  ...campaignsStreamRoutes,
  ...campaignRoutes,
  ...campaignPreviewRoutes,
  ...campaignListRoutes,
  ...campaignStreamRoutes,
  ...campaignCommandRoutes,
  ...campaignPolicyRoutes,
  ...campaignRetryRoutes,
  ...campaignTpeLookRoutes,
  ...tpeRoutes,
  ...erasureRoutes,
  ...eventRoutes,
  ...auditRoutes,
  ...groupRoutes,
  ...siteRoutes,
  ...tagRoutes,
  ...policyTemplateRoutes,
  ...statisticsRoutes,
  ...projectionRoutes,
  ...tmsEventRoutes,
  ...deadLetterRoutes,
  ...contractRoutes,
  ...operationRoutes,
];
