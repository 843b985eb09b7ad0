import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import type { StoreValue } from 'nanostores';
import type { DeadLetter } from '../../api/schema.ts';
import { ConfirmAction, type Given } from '../../components/confirm-action.tsx';
import { discardOne, replayOne, type Decision } from './decide.ts';
import { messages } from './en.ts';
import type { Edit } from './letter-draft.ts';
import { useRefresh } from './use-letters.ts';

interface ConfirmOneProps {
  decision: Decision;
  letter: DeadLetter;
  /** What is published instead; empty where nothing is. */
  edit: Edit;
  onDecided: () => void;
  onRefused: (error: unknown) => void;
  onClose: () => void;
}

/** Asks before one letter is replayed or discarded. */
export function ConfirmOne(props: ConfirmOneProps): ReactNode {
  const { decision, letter, edit, onDecided, onRefused, onClose } = props;
  const t = useStore(messages);
  const refresh = useRefresh();
  async function decide(given: Given): Promise<void> {
    try {
      if (decision === 'replay') await replayOne(t, letter.deadLetterId, given, edit);
      else await discardOne(letter.deadLetterId, given);
    } catch (error) {
      onRefused(error);
      // Somebody else may have been faster, which is then to be seen.
      refresh();
      throw error;
    }
    onDecided();
  }
  return (
    <ConfirmAction
      title={t[`${decision}Title`]}
      consequences={consequencesOf(t, decision, letter, edit)}
      confirmLabel={t[`${decision}Confirm`]}
      reason={decision === 'replay' ? 'optional' : 'required'}
      onConfirm={decide}
      onClose={onClose}
    />
  );
}

/** What will happen, a sentence each. */
export function consequencesOf(
  t: StoreValue<typeof messages>,
  decision: Decision,
  { topic }: DeadLetter,
  { key, value, headers = {} }: Edit,
): string[] {
  if (decision === 'discard') return [t.discardOne, t.discardKept];
  const names = (removed: boolean): string =>
    Object.entries(headers)
      .filter(([, text]) => (text === null) === removed)
      .map(([name]) => name)
      .join(', ');
  const [set, removed] = [names(false), names(true)];
  const asWas = key === undefined && value === undefined && set === '' && removed === '';
  const bytes = value === undefined ? 0 : new TextEncoder().encode(value).length;
  return [
    t.replayOne({ topic }),
    ...(asWas ? [t.replayAsWas] : []),
    ...(key === undefined ? [] : [t.replayKey({ key })]),
    ...(value === undefined ? [] : [t.replayValue({ bytes: t.bytes(bytes) })]),
    ...(set === '' ? [] : [t.replayHeadersSet({ names: set })]),
    ...(removed === '' ? [] : [t.replayHeadersRemoved({ names: removed })]),
    t.replayOneOnce,
  ];
}
