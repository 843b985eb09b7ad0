/** Why a campaign was not created, as problems that name what to change. */
import type { CreateRefusal } from '../db/campaign-create.ts';
import { Problem, type ProblemItem } from './errors.ts';

/** The terminals that a request lists, if it lists any, so that faults can point at them. */
export interface Listed {
  tpeIds: readonly string[];
  /** JSON pointer of what has `tpeIds`. */
  below: string;
}

/**
 * @param configured names of the configured TMSs
 */
export function refusal(outcome: CreateRefusal, listed: Listed, configured: readonly string[]): Problem {
  switch (outcome.outcome) {
    case 'key-reused':
      return new Problem('idempotency-key-reused', {
        detail: `The key was used for campaign ${outcome.campaignId}, with another body.`,
        errors: [{ header: 'Idempotency-Key', message: 'belongs to another request' }],
      });
    case 'empty':
      return new Problem('empty-targets', {
        detail: 'The targets select no terminal of the fleet.',
        errors: [{ pointer: listed.below, message: 'selects no terminal' }],
      });
    case 'unknown':
      return new Problem('unknown-terminals', {
        detail: `${outcome.count} of ${listed.tpeIds.length} terminals are not in the fleet${listing(outcome)}.`,
        errors: outcome.sample.map(({ tpeId, index }) => ({
          pointer: `${listed.below}/tpeIds/${index}`,
          message: `${tpeId} is not in the fleet`,
        })),
        extensions: { count: outcome.count },
      });
    case 'tms-not-configured':
      return new Problem('tms-not-configured', {
        detail: `Terminals belong to a TMS that is not configured: ${outcome.tms.map(({ name }) => name).join(', ')}. Configured: ${configured.join(', ')}.`,
        errors: outcome.tms.map(({ name, count, tpeId }) => ({
          ...place(listed, tpeId),
          message: `${count} terminals belong to the TMS ${name}, which is not configured (one is ${tpeId})`,
        })),
      });
    default:
      return new Problem('terminals-busy', {
        detail: `${outcome.count} of the targets are still being updated by another campaign${listing(outcome)}. Nothing was created.`,
        errors: outcome.sample.map(({ tpeId, campaignId }) => ({
          ...place(listed, tpeId),
          message: `${tpeId} is being updated by campaign ${campaignId}`,
        })),
        extensions: { count: outcome.count, busy: outcome.sample },
      });
  }
}

function listing({ count, sample }: { count: number; sample: readonly unknown[] }): string {
  return count > sample.length ? `; ${sample.length} of them are named` : '';
}

function place({ tpeIds, below }: Listed, tpeId: string): Pick<ProblemItem, 'pointer'> {
  const index = tpeIds.indexOf(tpeId);
  return { pointer: index < 0 ? below : `${below}/tpeIds/${index}` };
}
