import { COMPENSATIONS } from '../../db/campaign.ts';
import { CAMPAIGN_STATUSES, TPE_STATUSES } from '../../workflows/status.ts';
import type { WaveState } from '../../workflows/types.ts';
import { instant, label, machineText, orderedVersion, orNull, pageOf, uuid, version, z } from './common.ts';
import { policyTemplateRef } from './policy-template.ts';
import { policy, policyRequest } from './policy.ts';
import { groupName, rule } from './rule.ts';

/** Terminals that one request may list. */
export const MAX_TPE_IDS = 100_000;

/** Bytes of a request: 100,000 UUIDs in JSON are 4 MB. */
export const CREATE_LIMIT = 8 * 1024 * 1024;

const tpeIds = z
  .array(uuid)
  .min(1, 'must name at least one terminal')
  .max(MAX_TPE_IDS, `must name at most ${MAX_TPE_IDS} terminals`)
  .check(refuseDuplicates);

/** A terminal that is named twice is more likely a mistake in the list than meant. */
function refuseDuplicates(context: z.core.ParsePayload<string[]>): void {
  const first = new Map<string, number>();
  for (const [index, id] of context.value.entries()) {
    const before = first.get(id);
    if (before === undefined) first.set(id, index);
    else
      context.issues.push({
        code: 'custom',
        input: id,
        path: [index],
        message: `is the same terminal as number ${before} of the list`,
      });
  }
}

/** A list has no condition that other terminals could come to meet. */
function refuseDynamicList({
  value: { targets: asked, policy: given },
  issues,
}: z.core.ParsePayload<{
  targets?: { tpeIds?: unknown };
  policy?: { membership?: unknown } | undefined;
}>): void {
  if (asked?.tpeIds === undefined || given?.membership !== 'dynamic') return;
  issues.push({
    code: 'custom',
    input: given.membership,
    path: ['policy', 'membership'],
    message: LISTED_IS_STATIC,
  });
}

export const LISTED_IS_STATIC =
  'must be static where targets are listed by tpeIds: no other terminal can join a list';

const filter = z
  .strictObject({
    model: label(100).optional(),
    site: label(100).optional(),
    tms: label(31).optional(),
    versionBelow: orderedVersion.optional().openapi({
      description:
        'Terminals that run a lower version, by numbers: 4.9 is below 4.10. One whose version is unknown is not below.',
    }),
  })
  .refine(
    (value) => Object.keys(value).length > 0,
    'must have at least one condition; use {"all": true} for the whole fleet',
  )
  .openapi({ description: 'Terminals that meet every condition given.', minProperties: 1 });

const TARGETS = ['tpeIds', 'all', 'filter', 'rule', 'group'] as const;

const targets = z
  .strictObject({
    tpeIds: tpeIds.optional(),
    all: z.literal(true).optional(),
    filter: filter.optional(),
    rule: rule.optional(),
    group: groupName.optional().openapi({ description: 'Terminals that meet the rule of this group.' }),
  })
  .refine(
    (value) => TARGETS.filter((each) => value[each] !== undefined).length === 1,
    `must have exactly one of ${TARGETS.join(', ')}`,
  )
  .openapi('Targets', { description: 'Exactly one of the five.', minProperties: 1, maxProperties: 1 });

/** What says who is updated and how; the same for a campaign and its preview. */
export const campaignRequest = z
  .strictObject({
    name: label(200).optional().openapi({ description: 'Default "Update to <targetVersion>".' }),
    targetVersion: version,
    targets,
    busy: z.enum(['refuse', 'skip']).optional().openapi({
      description:
        'What to do with terminals that another campaign is updating: refuse the request, or skip them. Default refuse for tpeIds, skip for everything else.',
    }),
    policyTemplate: policyTemplateRef.optional(),
    policy: policyRequest.optional(),
    createdBy: label(100)
      .optional()
      .openapi({ description: 'Who asks; default the header X-Actor, else "api".' }),
  })
  .check(refuseDynamicList)
  .openapi('CampaignRequest');
export type CampaignRequest = z.output<typeof campaignRequest>;

const links = z.object({
  self: z.string(),
  tpes: z.string(),
  events: z.string(),
  stream: z.string(),
  temporal: z.string().openapi({ description: 'The campaign in the Temporal Web UI.' }),
});

/** One status or several, as a query parameter. */
function someOf<const S extends string>(
  statuses: readonly S[],
  example: string,
): z.ZodPipe<z.ZodString, z.ZodTransform<S[], string>> {
  const one = statuses.join('|');
  return z
    .string()
    .regex(
      new RegExp(`^(${one})(,(${one}))*$`),
      `must be one status, or several with commas between: ${statuses.join(', ')}`,
    )
    .transform((text) => text.split(',') as S[])
    .openapi({
      type: 'string',
      description: 'One status, or several with commas between.',
      example,
    });
}

export const statusFilter = someOf(CAMPAIGN_STATUSES, 'RUNNING,PAUSED');

/** What the terminals of a campaign are selected by: all that is given must be met. */
export const campaignTpeFilter = {
  status: someOf(TPE_STATUSES, 'FAILED,TIMEOUT').optional(),
  reason: machineText(200).optional().openapi({
    description: 'A reason code or its beginning: `failed` covers `failed:battery-low`.',
    example: 'failed:battery-low',
  }),
  model: label(100).optional(),
  site: label(100).optional(),
  wave: z.coerce.number().int().min(1).max(100).optional(),
  search: machineText(100).optional().openapi({
    description: 'The beginning of the id of the terminal, or of its id at the TMS, in any letters.',
  }),
};

export const campaignStatus = z.enum(CAMPAIGN_STATUSES).openapi('CampaignStatus');
export const tpeStatus = z.enum(TPE_STATUSES).openapi('TpeStatus');

export const statusCounts = z
  .partialRecord(z.enum(TPE_STATUSES), z.number().int())
  .openapi('StatusCounts', { description: 'Terminals by status; a status that none has is absent.' });

export const campaignCreated = z
  .object({
    campaignId: uuid,
    name: z.string(),
    status: campaignStatus,
    targetVersion: z.string(),
    targets: z.number().int().openapi({ description: 'Number of terminals, skipped ones included.' }),
    links,
  })
  .openapi('CampaignCreated');

export const campaignSummary = z
  .object({
    campaignId: uuid,
    name: z.string(),
    status: campaignStatus,
    targetVersion: z.string(),
    total: z.number().int().openapi({ description: 'Number of terminals.' }),
    counts: statusCounts,
    final: z.number().int().openapi({ description: 'Terminals whose status is final.' }),
    percentFinal: z.number().openapi({ description: '0 to 100, one decimal.' }),
    failurePercent: z.number().nullable().openapi({
      description:
        'FAILED and TIMEOUT among those that are SUCCESS, FAILED or TIMEOUT, 0 to 100, one decimal, rounded up; null: none is yet.',
    }),
    createdBy: z.string(),
    createdAt: instant,
    startedAt: instant.nullable(),
    dispatchedAt: instant
      .nullable()
      .openapi({ description: 'When the TMSs had been asked for every terminal.' }),
    endedAt: instant.nullable(),
    lastCommand: z
      .object({ command: z.string(), by: z.string(), reason: z.string().nullable(), at: instant })
      .nullable()
      .openapi({ description: 'The last command that it took, of a person or of its own rules.' }),
    waitingFor: z
      .object({ what: z.string(), until: instant.nullable() })
      .nullable()
      .openapi({ description: 'What it waits for, in words, and until when where that is known.' }),
    rollingBack: z.boolean().openapi({ description: 'It brings back what it has changed, or has done so.' }),
    links,
  })
  .openapi('CampaignSummary');

export const liveCampaigns = z.object({ campaigns: z.array(campaignSummary) }).openapi('LiveCampaigns');

const WAVE_STATES = [
  'WAITING',
  'RUNNING',
  'SOAKING',
  'AWAITING_APPROVAL',
  'PASSED',
  'FAILED',
  'CANCELLED',
] as const satisfies readonly WaveState[];

export const compensation = z.enum(COMPENSATIONS).openapi('Compensation', {
  description: 'Where the roll-back of a terminal is. LEFT: it was called off before it had begun.',
});

const campaignWave = z
  .object({
    wave: z.number().int().openapi({ description: 'From 1.' }),
    name: z.string(),
    state: z.enum(WAVE_STATES),
    total: z.number().int().openapi({ description: 'Terminals, skipped ones included.' }),
    counts: statusCounts,
    startedAt: instant.nullable(),
    passedAt: instant.nullable(),
    detail: z.string().nullable().openapi({ description: 'Why it failed, or until when it soaks.' }),
  })
  .openapi('CampaignWave');

export const campaignDetail = campaignSummary
  .extend({
    targets: z.record(z.string(), z.unknown()).openapi({
      description: 'As asked for; a list of terminals is given as their number.',
    }),
    policy,
    correlationId: z.string(),
    policyTemplate: z
      .object({ name: z.string(), version: z.number().int() })
      .nullable()
      .openapi({ description: 'The template that the policy was made from.' }),
    retryOf: uuid.nullable().openapi({ description: 'The campaign whose terminals this one tries again.' }),
    waves: z.array(campaignWave),
    approvedBy: z.string().nullable(),
    approvedAt: instant.nullable(),
    compensations: z
      .partialRecord(compensation, z.number().int())
      .openapi({ description: 'Terminals by what became of their roll-back; empty where there is none.' }),
  })
  .openapi('Campaign');

export const campaignTpe = z
  .object({
    tpeId: uuid,
    idTms: z.string(),
    tms: z.string(),
    model: z.string(),
    site: z.string(),
    wave: z.number().int(),
    status: tpeStatus,
    reason: z.string().nullable(),
    compensation: orNull(compensation).openapi({ description: 'Null: no roll-back was asked for.' }),
    compensationReason: z.string().nullable(),
    attempt: z.number().int(),
    tmsState: z.string().nullable().openapi({ description: 'What the TMS said last.' }),
    fromVersion: z.string().nullable(),
    version: z.string().nullable().openapi({ description: 'What the terminal itself reported last.' }),
    requestedAt: instant.nullable(),
    lastUpdate: instant,
    links: z.object({ self: z.string(), temporal: z.string() }),
  })
  .openapi('CampaignTpe');

export const progress = z
  .object({
    campaignId: uuid,
    status: campaignStatus,
    counts: statusCounts,
    total: z.number().int(),
    final: z.number().int(),
  })
  .openapi('Progress');

export const commandRequest = z
  .strictObject({ by: label(100).optional(), reason: label(500).optional() })
  .openapi('CommandRequest');

export const cancelRequest = commandRequest
  .extend({
    force: z.boolean().optional().openapi({
      description: 'Wait for no TMS and no terminal: what is open is settled by what is known.',
    }),
    rollBack: z.boolean().optional().openapi({
      description: 'Bring back what the campaign has changed, newest wave first; it ends ABORTED.',
    }),
  })
  .refine(({ force, rollBack }) => !(force && rollBack), {
    path: ['rollBack'],
    message: 'does not go with force: a roll-back waits for the TMSs',
  })
  .openapi('CancelRequest');

/** The commands that a campaign takes as signals, as they stand in the path. */
export const COMMAND_NAMES = ['pause', 'resume', 'cancel', 'approve', 'reject', 'next-wave'] as const;

export const commandAccepted = z
  .object({
    campaignId: uuid,
    command: z.enum(COMMAND_NAMES),
    by: z.string(),
    reason: z.string().nullable(),
    links,
  })
  .openapi('CommandAccepted');

export const policyChanged = z
  .object({
    campaignId: uuid,
    changed: z.array(z.string()).openapi({ description: 'Names of the parts that are different now.' }),
    policy,
  })
  .openapi('PolicyChanged');

const retryFields = {
  name: label(200).optional().openapi({ description: 'Default "Retry of <name of the campaign>".' }),
  createdBy: label(100)
    .optional()
    .openapi({ description: 'Who asks; default the header X-Actor, else "api".' }),
};

/** What can be tried again. */
export const RETRIABLE = ['FAILED', 'TIMEOUT', 'CANCELLED'] as const;

export const campaignRetryRequest = z
  .strictObject({
    ...retryFields,
    tpeIds: tpeIds
      .optional()
      .openapi({ description: 'Of these terminals only; those of other statuses are left out.' }),
    statuses: z
      .array(z.enum(RETRIABLE))
      .min(1, 'must name at least one status')
      .optional()
      .openapi({ description: 'Default FAILED and TIMEOUT.' }),
    reasons: z.array(label(200)).min(1, 'must name at least one reason').max(50).optional().openapi({
      description: 'Reason codes by their beginning: `failed` covers `failed:battery-low`. Default all.',
    }),
  })
  .openapi('CampaignRetryRequest');
export type CampaignRetryRequest = z.output<typeof campaignRetryRequest>;

export const tpeRetryRequest = z.strictObject(retryFields).openapi('TpeRetryRequest');

export const campaignPage = pageOf(campaignSummary).openapi('CampaignPage');
export const campaignTpePage = pageOf(campaignTpe).openapi('CampaignTpePage');
