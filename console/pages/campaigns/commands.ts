/** Pause, resume, cancel: when each is possible, what it will do, and doing it. */
import { map } from 'nanostores';
import { answer, api } from '../../api/client.ts';
import type { CampaignSummary } from '../../api/schema.ts';
import type { Given } from '../../components/confirm-action.tsx';
import { underWay } from '../../components/status.ts';
import type { StoreValue } from 'nanostores';
import type { messages } from './en.ts';

export type Command = 'pause' | 'resume' | 'cancel';

/** In the order of their buttons. */
export function commandsFor({ status, rollingBack }: CampaignSummary): readonly Command[] {
  switch (status) {
    case 'SCHEDULED':
    case 'RUNNING':
      return ['pause', 'cancel'];
    case 'PAUSED':
      return ['resume', 'cancel'];
    case 'PENDING_APPROVAL':
      return ['cancel'];
    case 'CANCELLING':
      return rollingBack ? ['pause'] : [];
    default:
      return [];
  }
}

/** What will happen, a sentence each. */
export function consequencesOf(
  t: StoreValue<typeof messages>,
  command: Command,
  { counts, waitingFor }: CampaignSummary,
): string[] {
  const { PENDING: toDo = 0, SUCCESS: done = 0 } = counts;
  const going = underWay(counts);
  const when = (count: number, words: (n: number) => string): string[] => (count > 0 ? [words(count)] : []);
  switch (command) {
    case 'pause':
      return [toDo > 0 ? t.pauseTodo(toDo) : t.nothingToDo, ...when(going, t.followed)];
    case 'resume':
      return [
        toDo > 0 ? t.resumeTodo(toDo) : t.nothingToDo,
        ...(waitingFor?.what.startsWith('a decision') ? [t.resumeGate] : []),
      ];
    case 'cancel':
      return [
        toDo > 0 ? t.cancelTodo(toDo) : t.nothingToDo,
        ...when(going, t.cancelUnderWay),
        ...when(done, t.cancelDone),
        t.cancelForGood,
      ];
  }
}

/** A command that was given and is not seen in the campaign yet. */
interface Asked {
  command: Command;
  /** What the campaign looked like then. */
  before: string;
}

/** By campaign. */
export const $asked = map<Record<string, Asked | undefined>>({});

/** The command that a campaign has been given and has not taken yet. */
export function askedOf(campaign: CampaignSummary, asked: Asked | undefined): Command | undefined {
  return asked?.before === stateOf(campaign) ? asked.command : undefined;
}

function stateOf({ status, lastCommand }: CampaignSummary): string {
  return `${status} ${lastCommand?.at ?? ''}`;
}

/** @throws ApiProblem, ApiUnreachable */
export async function give(command: Command, campaign: CampaignSummary, given: Given): Promise<void> {
  const { campaignId } = campaign;
  const asked: Asked = { command, before: stateOf(campaign) };
  await answer(
    api.POST(`/api/v1/campaigns/{campaignId}/${command}`, { params: { path: { campaignId } }, body: given }),
  );
  $asked.setKey(campaignId, asked);
}
