/** Rules of requests: read, with their groups replaced, or refused with the place of the fault. */
import type { CampaignTargets } from '../db/campaign-targets.ts';
import type { Queryable } from '../db/pool.ts';
import { loadGroups } from '../db/target-group.ts';
import { RuleError } from '../targeting/error.ts';
import { expandRule, groupsOf, type Expanded, type Groups } from '../targeting/expand.ts';
import { parseRule } from '../targeting/parse.ts';
import { printRule } from '../targeting/print.ts';
import type { CampaignPolicy, WavePolicy } from '../workflows/policy/types.ts';
import { Problem } from './errors.ts';
import type { CampaignRequest } from './schemas/campaign.ts';

/** Where a rule stands: the JSON pointer of the body, or a parameter of the query. */
type RulePlace = string | { parameter: string };

/**
 * Does something with a rule that stands at a place of the request.
 * @throws Problem `rule-invalid` for a RuleError
 */
export function withRule<T>(place: RulePlace, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof RuleError ? invalidRule(error, place) : error;
  }
}

/** The problem that points at the fault: `rule` is the text, `offset` and `length` count its UTF-16 code units. */
function invalidRule(error: RuleError, place: RulePlace): Problem {
  const { message, rule, offset, length, line, column } = error;
  const [name, where] = typeof place === 'string' ? [place, { pointer: place }] : [place.parameter, place];
  const position = line > 1 ? `line ${line}, column ${column}` : `column ${column}`;
  return new Problem(
    'rule-invalid',
    {
      detail: `${name}: ${message} (${position}).`,
      errors: [{ ...where, message }],
      extensions: { rule, offset, length, line, column },
    },
    error,
  );
}

/** A rule of a request, with its groups replaced. */
export async function readRule(db: Queryable, text: string, place: RulePlace): Promise<Expanded> {
  const mentioned = withRule(place, () => groupsOf(parseRule(text)));
  const groups: Groups = mentioned.length > 0 ? await loadGroups(db) : new Map();
  return withRule(place, () => expandRule(text, groups));
}

/**
 * The targets of a request as the campaign keeps them.
 * @throws Problem `rule-invalid`
 */
export async function readTargets(
  db: Queryable,
  { tpeIds, filter, rule, group }: CampaignRequest['targets'],
): Promise<CampaignTargets> {
  if (tpeIds) return { tpeIds };
  if (filter)
    return { filter: Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) };
  if (rule !== undefined) return { rule, expanded: (await readRule(db, rule, '/targets/rule')).text };
  if (group !== undefined) {
    const { text } = await readRule(db, printRule({ kind: 'group', name: group, at: 0 }), '/targets/group');
    return { group, expanded: text };
  }
  return { all: true };
}

/**
 * The policy with the groups of its waves' rules replaced, as the campaign keeps it.
 * @throws Problem `rule-invalid`
 */
export async function readWaveRules(db: Queryable, policy: CampaignPolicy): Promise<CampaignPolicy> {
  const waves: WavePolicy[] = [];
  for (const [index, wave] of policy.waves.entries()) {
    const { size } = wave;
    if (!('rule' in size)) waves.push(wave);
    else {
      const { text } = await readRule(db, size.rule, `/policy/waves/${index}/rule`);
      waves.push({ ...wave, size: { rule: text } });
    }
  }
  return { ...policy, waves };
}
