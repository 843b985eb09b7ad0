/** What events are selected by, as options. */
import type { Command } from 'commander';

export interface EventFilter {
  campaign?: string;
  tpe?: string;
  actor?: string;
  type?: string;
  correlation?: string;
  from?: string;
  to?: string;
}

export function withFilters(command: Command): Command {
  return command
    .option('--campaign <campaignId>', 'of this campaign')
    .option('--tpe <tpeId>', 'of this terminal')
    .option('--actor <who>', 'who did it')
    .option('--type <type>', 'what happened: campaign.created, or the beginning of it, "tpe.*"')
    .option('--correlation <id>', 'that followed from the request with this correlation id')
    .option('--from <time>', 'happened then or later: ISO 8601 with offset')
    .option('--to <time>', 'happened before');
}

/** The options as the query of a request. */
export function filterOf(options: EventFilter): Record<string, string | undefined> {
  const { campaign, tpe, actor, type, correlation, from, to } = options;
  return { campaignId: campaign, tpeId: tpe, actor, type, correlationId: correlation, from, to };
}
