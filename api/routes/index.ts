import type { Route } from '../route.ts';
import { campaignCommandRoutes } from './campaign-commands.ts';
import { campaignListRoutes } from './campaign-lists.ts';
import { campaignStreamRoutes } from './campaign-stream.ts';
import { campaignRoutes } from './campaigns.ts';
import { operationRoutes } from './operation.ts';
import { tmsEventRoutes } from './tms-events.ts';
import { tpeRoutes } from './tpes.ts';

/** Every route; a path without parameters stands before one with parameters that would match it. */
export const routes: readonly Route[] = [
  ...campaignRoutes,
  ...campaignListRoutes,
  ...campaignStreamRoutes,
  ...campaignCommandRoutes,
  ...tpeRoutes,
  ...tmsEventRoutes,
  ...operationRoutes,
];
