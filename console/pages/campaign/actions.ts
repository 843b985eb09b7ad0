/** What can be done with a campaign: when each is possible, what it will do in numbers, and doing it. */
import type { StoreValue } from 'nanostores';
import { answer, api } from '../../api/client.ts';
import type { Campaign, CampaignRetryRequest } from '../../api/schema.ts';
import type { Given } from '../../components/confirm-action.tsx';
import { isEnded, underWay } from '../../components/status.ts';
import type { Format } from '../../i18n/format.ts';
import type { messages } from './en.ts';
import { currentWave, nextWave, wavesOf } from './waves.ts';

export type Action =
  | 'approve'
  | 'reject'
  | 'pause'
  | 'resume'
  | 'nextWave'
  | 'policy'
  | 'cancel'
  | 'rollBack'
  | 'stopRollBack'
  | 'force'
  | 'retry';

/** Those that end something are kept apart from those of every day. */
export interface Actions {
  main: Action[];
  more: Action[];
}

/** In the order of their buttons. */
export function actionsFor(campaign: Campaign): Actions {
  const { status, rollingBack, waves, counts } = campaign;
  if (isEnded(status)) return { main: failuresIn(counts) > 0 ? ['retry'] : [], more: [] };
  if (status === 'PENDING_APPROVAL') return { main: ['approve', 'reject'], more: [] };
  const pause: Action = status === 'PAUSED' ? 'resume' : 'pause';
  if (rollingBack) return { main: [pause], more: ['stopRollBack', 'force'] };
  if (status === 'CANCELLING') return { main: [], more: ['force'] };
  const main: Action[] = waves.some(({ state }) => state === 'AWAITING_APPROVAL') ? ['approve'] : [];
  main.push(pause);
  const started = status === 'RUNNING' || status === 'PAUSED';
  if (started && nextWave(waves)) main.push('nextWave');
  main.push('policy');
  return { main, more: started ? ['cancel', 'rollBack', 'force'] : ['cancel'] };
}

export const DANGEROUS: ReadonlySet<Action> = new Set([
  'reject',
  'cancel',
  'rollBack',
  'stopRollBack',
  'force',
]);

/** Terminals that have failed or timed out. */
export function failuresIn({ FAILED = 0, TIMEOUT = 0 }: Campaign['counts']): number {
  return FAILED + TIMEOUT;
}

export interface Words {
  t: StoreValue<typeof messages>;
  format: Format;
}

/** What will happen, a sentence each. */
export function consequencesOf(
  words: Words,
  action: Exclude<Action, 'policy' | 'retry'>,
  campaign: Campaign,
): string[] {
  const { t } = words;
  const { counts, status, createdBy, compensations, waitingFor } = campaign;
  const { PENDING: toDo = 0, SUCCESS: done = 0 } = counts;
  const going = underWay(counts);
  const begun = toDo > 0 ? undefined : t.nothingToDo;
  switch (action) {
    case 'approve':
      return status === 'PENDING_APPROVAL'
        ? [t.approveTodo(toDo), t.approveNotAuthor({ name: createdBy })]
        : [...startsNext(words, campaign)];
    case 'reject':
      return [t.rejectTodo(toDo), t.cancelForGood];
    case 'pause':
      if (campaign.rollingBack)
        return [t.pauseRollBack, ...some(compensations.REQUESTED, t.rollBackFollowed)];
      return [begun ?? t.pauseTodo(toDo), ...some(going, t.followed)];
    case 'resume':
      if (campaign.rollingBack) return [t.resumeRollBack(compensations.PENDING ?? 0)];
      return [
        begun ?? t.resumeTodo(toDo),
        ...(waitingFor?.what.startsWith('a decision') ? [t.resumeGate] : []),
      ];
    case 'nextWave':
      return [...startsNext(words, campaign), ...notWaitedFor(words, campaign), ...some(going, t.followed)];
    case 'cancel':
      return [
        begun ?? t.leftAlone(toDo),
        ...some(going, t.cancelUnderWay),
        ...some(done, t.cancelDone),
        t.cancelForGood,
      ];
    case 'rollBack':
      return [
        begun ?? t.leftAlone(toDo),
        ...some(going, t.rollBackUnderWay),
        done > 0 ? t.rollBackDone(done) : t.rollBackNothing,
        t.rollBackForGood,
      ];
    case 'stopRollBack':
      return [t.stopTodo(compensations.PENDING ?? 0), ...some(compensations.REQUESTED, t.rollBackFollowed)];
    case 'force':
      return [
        begun ?? t.leftAlone(toDo),
        ...some(going, t.forceUnderWay),
        ...some(compensations.PENDING, t.stopTodo),
        t.forceForGood,
      ];
  }
}

function some(count: number | undefined, words: (n: number) => string): string[] {
  return count !== undefined && count > 0 ? [words(count)] : [];
}

function startsNext({ t }: Words, { waves }: Campaign): string[] {
  const next = nextWave(waves);
  return next ? [t.startsWave({ wave: next.wave, name: next.name }), t.startsWaveOf(next.total)] : [];
}

/** What the gate that is passed over would still have waited for. */
function notWaitedFor({ t, format }: Words, campaign: Campaign): string[] {
  const wave = currentWave(campaign.waves);
  const view = wavesOf(campaign).find((each) => each.wave === wave?.wave);
  if (!view?.gate) return [];
  return [
    t.gatePassedOver({
      wave: view.wave,
      rate: format.percent(view.successPercent ?? 0),
      needed: format.percent(view.gate.minSuccessPercent),
    }),
  ];
}

/** The commands as the API has them. */
const COMMANDS = {
  approve: ['approve', {}],
  reject: ['reject', {}],
  pause: ['pause', {}],
  resume: ['resume', {}],
  nextWave: ['next-wave', {}],
  cancel: ['cancel', {}],
  stopRollBack: ['cancel', {}],
  rollBack: ['cancel', { rollBack: true }],
  force: ['cancel', { force: true }],
} as const;

/** @throws ApiProblem, ApiUnreachable */
export async function give(action: keyof typeof COMMANDS, campaignId: string, given: Given): Promise<void> {
  const [command, more] = COMMANDS[action];
  await answer(
    api.POST(`/api/v1/campaigns/{campaignId}/${command}`, {
      params: { path: { campaignId } },
      body: { ...given, ...more },
    }),
  );
}

/** What is tried again: all failures, or these terminals. */
export type RetrySelection = Pick<CampaignRetryRequest, 'tpeIds' | 'statuses'>;

/**
 * Makes a new campaign of what has failed. It takes no reason; the name is that of its author.
 * @param key the same for the same request, so that repeating it makes no second campaign
 * @returns the id of the new campaign
 * @throws ApiProblem, ApiUnreachable
 */
export async function retry(
  campaignId: string,
  selection: RetrySelection,
  { by }: Given,
  key: string,
): Promise<string> {
  const created = await answer(
    api.POST('/api/v1/campaigns/{campaignId}/retry', {
      params: { path: { campaignId }, header: { 'idempotency-key': key } },
      body: { ...selection, createdBy: by },
    }),
  );
  return created.campaignId;
}

/** A key that no other request has. Also where the page is not served safely, which `randomUUID` asks for. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

/** What changes when the campaign takes a command: until then it is told as asked for. */
export function markOf({ status, lastCommand, waitingFor, rollingBack, approvedAt }: Campaign): string {
  return JSON.stringify([status, lastCommand?.at, waitingFor?.what, rollingBack, approvedAt]);
}
