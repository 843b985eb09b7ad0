import type { Route } from '../route.ts';
import { campaignCommandRoutes } from './campaign-commands.ts';
import { campaignListRoutes } from './campaign-lists.ts';
import { campaignPolicyRoutes } from './campaign-policy.ts';
import { campaignPreviewRoutes } from './campaign-preview.ts';
import { campaignRetryRoutes } from './campaign-retry.ts';
import { campaignStreamRoutes } from './campaign-stream.ts';
import { campaignRoutes } from './campaigns.ts';
import { groupRoutes } from './groups.ts';
import { operationRoutes } from './operation.ts';
import { policyTemplateRoutes } from './policy-templates.ts';
import { siteRoutes } from './sites.ts';
import { tmsEventRoutes } from './tms-events.ts';
import { tpeRoutes } from './tpes.ts';

/** Every route; a path without parameters stands before one with parameters that would match it. */
export const routes: readonly Route[] = [
  ...campaignRoutes,
  ...campaignPreviewRoutes,
  ...campaignListRoutes,
  ...campaignStreamRoutes,
  ...campaignCommandRoutes,
  ...campaignPolicyRoutes,
  ...campaignRetryRoutes,
  ...tpeRoutes,
  ...groupRoutes,
  ...siteRoutes,
  ...policyTemplateRoutes,
  ...tmsEventRoutes,
  ...operationRoutes,
];
