/** What OPS may change of a campaign's policy while it runs. */
import { CHANGEABLE, type CampaignPolicy, type PolicyChange } from '../../workflows/policy/types.ts';
import { label, z } from './common.ts';
import { changeable } from './policy.ts';

/** Why the rest of a policy stays as it is. */
const FIXED: Record<Exclude<keyof CampaignPolicy, keyof PolicyChange>, string> = {
  polling: 'terminals are already followed by it',
  deadlineSeconds: 'terminals are already followed by it',
  progressEverySeconds: 'the gates are already looked at by it',
  waves: 'the terminals are already sliced into waves',
  order: 'the terminals are already sliced into waves',
  startAt: 'it has been scheduled by it',
  approval: 'whether somebody must approve it was decided then',
  retry: 'terminals may already be waiting for their next attempt',
  onFailure: 'terminals may already have been left or rolled back',
  cancelWithinSeconds: 'a cancellation may already count on it',
  membership: 'its terminals were selected by it',
};

export const policyChangeRequest = z
  .looseObject({ ...changeable, by: label(100).optional(), reason: label(500).optional() })
  .check(({ value, issues }) => {
    const known = new Set<string>([...CHANGEABLE, 'by', 'reason']);
    for (const key of Object.keys(value).filter((name) => !known.has(name))) {
      const message = Object.hasOwn(FIXED, key)
        ? `is fixed when the campaign starts: ${FIXED[key as keyof typeof FIXED]}`
        : 'is not known here';
      issues.push({ code: 'custom', input: value, path: [key], message });
    }
    const changes = Object.keys(value).some((key) => !['by', 'reason'].includes(key));
    if (!changes) {
      const message = `must change at least one of ${CHANGEABLE.join(', ')}`;
      issues.push({ code: 'custom', input: value, path: [], message });
    }
  })
  .openapi('PolicyChangeRequest', {
    description:
      'What to change; a part that is given replaces the whole part, with its defaults. The rest of a policy is fixed when the campaign starts.',
    additionalProperties: false,
  });
export type PolicyChangeRequest = z.output<typeof policyChangeRequest>;
