/** What an event says, in the reader's language. */
import type { StoreValue } from 'nanostores';
import type { FoundEvent } from '../../api/schema.ts';
import type { Format } from '../../i18n/format.ts';
import type { messages } from './en.ts';

type Words = StoreValue<typeof messages>;

/** The types that the platform writes, each with the name of its words. */
export const TYPES = {
  'campaign.created': 'campaignCreated',
  'campaign.approved': 'campaignApproved',
  'campaign.approval-refused': 'campaignApprovalRefused',
  'campaign.rejected': 'campaignRejected',
  'campaign.started': 'campaignStarted',
  'campaign.joined': 'campaignJoined',
  'campaign.wave-running': 'campaignWaveRunning',
  'campaign.wave-soaking': 'campaignWaveSoaking',
  'campaign.wave-awaiting-approval': 'campaignWaveAwaitingApproval',
  'campaign.wave-passed': 'campaignWavePassed',
  'campaign.wave-failed': 'campaignWaveFailed',
  'campaign.next-wave-ordered': 'campaignNextWaveOrdered',
  'campaign.policy-changed': 'campaignPolicyChanged',
  'campaign.threshold-reached': 'campaignThresholdReached',
  'campaign.stalled': 'campaignStalled',
  'campaign.paused': 'campaignPaused',
  'campaign.resumed': 'campaignResumed',
  'campaign.cancelling': 'campaignCancelling',
  'campaign.force-cancelled': 'campaignForceCancelled',
  'campaign.aborting': 'campaignAborting',
  'campaign.rolling-back': 'campaignRollingBack',
  'campaign.completed': 'campaignCompleted',
  'campaign.cancelled': 'campaignCancelled',
  'campaign.aborted': 'campaignAborted',
  'tpe.ordered': 'tpeOrdered',
  'tpe.requested': 'tpeRequested',
  'tpe.installing': 'tpeInstalling',
  'tpe.success': 'tpeSuccess',
  'tpe.failed': 'tpeFailed',
  'tpe.timeout': 'tpeTimeout',
  'tpe.cancelled': 'tpeCancelled',
  'tpe.skipped': 'tpeSkipped',
  'tpe.retrying': 'tpeRetrying',
  'tpe.rolling-back': 'tpeRollingBack',
  'tpe.rollback-requested': 'tpeRollbackRequested',
  'tpe.rolled-back': 'tpeRolledBack',
  'tpe.rollback-left': 'tpeRollbackLeft',
  'tpe.rollback-failed': 'tpeRollbackFailed',
  'tpe.erased': 'tpeErased',
  'dlq.replayed': 'dlqReplayed',
  'dlq.discarded': 'dlqDiscarded',
  'audit.archived': 'auditArchived',
  'projection.replay-requested': 'projectionReplayRequested',
  'projection.replayed': 'projectionReplayed',
} as const satisfies Record<string, keyof Words>;

/** For the field that takes a type: all of a kind, then each. */
export const TYPE_SUGGESTIONS: readonly string[] = ['campaign.*', 'tpe.*', 'dlq.*', ...Object.keys(TYPES)];

/** What happened; a type that is not known here is shown as it is. */
export function whatHappened(t: Words, type: string): string {
  const key = (TYPES as Record<string, (typeof TYPES)[keyof typeof TYPES] | undefined>)[type];
  return key ? t[key] : type;
}

/** What the data adds to it, in a few words. */
export function aboutIt(t: Words, format: Format, { type, data }: FoundEvent): string {
  const number = (name: string): number | undefined =>
    typeof data[name] === 'number' ? data[name] : undefined;
  const words = (name: string): string | undefined =>
    typeof data[name] === 'string' ? data[name] : undefined;
  const terminals = number('total') ?? number('count');
  const [wave, attempt] = [number('wave'), number('attempt')];
  const parts = [
    words('name'),
    words('targetVersion') && `→ ${words('targetVersion')}`,
    terminals !== undefined && t.terminals(terminals),
    wave !== undefined && t.wave({ wave: format.number(wave) }),
    attempt !== undefined && attempt > 1 && t.attempt({ attempt: format.number(attempt) }),
    words('version') && t.runs({ version: words('version') ?? '' }),
    type.startsWith('dlq.') && words('error'),
    words('detail'),
    type === 'audit.archived' && words('month'),
  ];
  return parts.filter(Boolean).join(' · ');
}
