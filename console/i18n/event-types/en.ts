/** What the types of events say: in the audit trail, and wherever else events are shown. */
import { i18n } from '../i18n.ts';

/** By type, all that the platform writes. */
export const english = {
  'campaign.created': 'Campaign created',
  'campaign.approved': 'Campaign approved',
  'campaign.approval-refused': 'Approval did not count',
  'campaign.rejected': 'Campaign rejected',
  'campaign.started': 'Campaign started',
  'campaign.joined': 'Terminals have joined',
  'campaign.wave-running': 'Wave started',
  'campaign.wave-soaking': 'Wave soaks',
  'campaign.wave-awaiting-approval': 'Wave waits for approval',
  'campaign.wave-passed': 'Wave passed its gate',
  'campaign.wave-failed': 'Wave did not pass its gate',
  'campaign.next-wave-ordered': 'Next wave ordered',
  'campaign.policy-changed': 'Policy changed',
  'campaign.threshold-reached': 'Too many failures',
  'campaign.stalled': 'No news for too long',
  'campaign.paused': 'Campaign paused',
  'campaign.resumed': 'Campaign resumed',
  'campaign.cancelling': 'Cancel asked for',
  'campaign.force-cancelled': 'Cancelled without waiting',
  'campaign.aborting': 'Campaign is being aborted',
  'campaign.rolling-back': 'Roll-back asked for',
  'campaign.completed': 'Campaign completed',
  'campaign.cancelled': 'Campaign cancelled',
  'campaign.aborted': 'Campaign aborted',
  'tpe.ordered': 'Update ordered by another system',
  'tpe.requested': 'Terminal asked to update',
  'tpe.installing': 'Terminal installs',
  'tpe.success': 'Terminal updated',
  'tpe.failed': 'Update failed',
  'tpe.timeout': 'Update timed out',
  'tpe.cancelled': 'Update cancelled',
  'tpe.skipped': 'Terminal skipped',
  'tpe.retrying': 'Update is tried again',
  'tpe.rolling-back': 'Roll-back of the terminal planned',
  'tpe.rollback-requested': 'Terminal asked to roll back',
  'tpe.rolled-back': 'Terminal rolled back',
  'tpe.rollback-left': 'Roll-back called off',
  'tpe.rollback-failed': 'Roll-back failed',
  'tpe.erased': 'Terminal’s user erased',
  'dlq.replayed': 'Dead letter replayed',
  'dlq.discarded': 'Dead letter discarded',
  'audit.archived': 'Month archived',
  'projection.replay-requested': 'Statistics: new count asked for',
  'projection.replayed': 'Statistics counted anew',
};

export type EventTypeWords = typeof english;

/** For a part that shows events on a page of other words. */
export const eventTypes = i18n('event-types', english);
