import { Button } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { Suspense, useMemo, useState, type ReactNode } from 'react';
import type { DeadLetter } from '../../api/schema.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { DiscardIcon, EditIcon, RollBackIcon } from '../../components/icons.ts';
import { useFormat } from '../../i18n/format.ts';
import { lazyPart } from '../../lib/lazy-part.tsx';
import { ConfirmOne } from './confirm-one.tsx';
import { refusalOf, type Decision, type Refusal } from './decide.ts';
import { messages } from './en.ts';
import { draftOf, editOf, faultsOf, hasFaults, shownText, textOf, type Draft } from './letter-draft.ts';
import classes from './letter.module.css';

const { Part: LetterEditor } = lazyPart(() => import('./letter-editor.tsx'));

interface LetterContentProps {
  letter: DeadLetter;
  onDecided: () => void;
}

const NOT_REFUSED: Refusal = { headers: {} };

/** Value and headers, as they were received or as they are being edited, and what can be done with them. */
export function LetterContent({ letter, onDecided }: LetterContentProps): ReactNode {
  const t = useStore(messages);
  const [draft, setDraft] = useState<Draft>();
  const [refusal, setRefusal] = useState(NOT_REFUSED);
  const [order, setOrder] = useState<Decision>();
  const faults = useMemo(() => draft && faultsOf(letter, draft), [letter, draft]);
  const faulty = faults !== undefined && hasFaults(faults);
  const edit = draft && !faulty ? editOf(letter, draft) : {};
  const edited = Object.keys(edit).length > 0;
  const replayable = letter.state !== 'REPLAYED';
  return (
    <>
      {replayable && (
        <div className={classes.decide}>
          <Button
            leftSection={<RollBackIcon size={15} aria-hidden />}
            disabled={faulty}
            onClick={() => setOrder('replay')}
          >
            {edited ? t.replayEdited : t.replay}
          </Button>
          {letter.state === 'OPEN' && (
            <Button
              variant="default"
              leftSection={<DiscardIcon size={15} aria-hidden />}
              onClick={() => setOrder('discard')}
            >
              {t.discard}
            </Button>
          )}
          <Button
            variant="default"
            leftSection={<EditIcon size={15} aria-hidden />}
            onClick={() => {
              setDraft(draft ? undefined : draftOf(letter));
              setRefusal(NOT_REFUSED);
            }}
          >
            {draft ? t.editEnd : t.edit}
          </Button>
          {faulty && <p role="status">{t.correctFirst}</p>}
        </div>
      )}
      <Notes letter={letter} />
      {draft && faults ? (
        <Suspense fallback={null}>
          <LetterEditor
            letter={letter}
            draft={draft}
            faults={faults}
            refusal={refusal}
            onChange={(changed) => {
              setDraft(changed);
              setRefusal(NOT_REFUSED);
            }}
          />
        </Suspense>
      ) : (
        <Received letter={letter} />
      )}
      {order && (
        <ConfirmOne
          decision={order}
          letter={letter}
          edit={order === 'replay' ? edit : {}}
          onDecided={() => {
            setDraft(undefined);
            onDecided();
          }}
          onRefused={(error) => setRefusal(refusalOf(error))}
          onClose={() => setOrder(undefined)}
        />
      )}
    </>
  );
}

/** What is to be known before it is replayed. */
function Notes({ letter: { value, truncatedBytes, masked } }: { letter: DeadLetter }): ReactNode {
  const t = useStore(messages);
  const notes = [
    truncatedBytes !== null && t.truncated({ bytes: t.bytes(truncatedBytes) }),
    value?.encoding === 'base64' && t.isBase64,
    masked && t.masked,
  ].filter((note) => note !== false && note !== undefined);
  if (notes.length === 0) return null;
  return (
    <ul className={classes.notes}>
      {notes.map((note) => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  );
}

/** As it was received. */
function Received({ letter }: { letter: DeadLetter }): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const { value, headers } = letter;
  const whole = textOf(letter);
  const shown = useMemo(
    () => (whole === undefined ? (value?.content ?? '') : shownText(whole)),
    [whole, value],
  );
  const names = Object.keys(headers);
  return (
    <div className={classes.content}>
      <section aria-label={t.value}>
        <h2>
          {t.value}
          {value && <small>{t.bytes(value.bytes)}</small>}
          {value && <CopyButton text={shown} what={t.value} />}
        </h2>
        {value === null ? (
          <p>{t.noValue}</p>
        ) : (
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- who has no mouse must be able to scroll it
          <pre tabIndex={0}>{shown}</pre>
        )}
      </section>
      <section aria-label={t.headers}>
        <h2>
          {t.headers} <small>{format.number(names.length)}</small>
        </h2>
        {names.length === 0 ? (
          <p>{t.noHeaders}</p>
        ) : (
          <dl className={classes.headers}>
            {names.map((name) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{headers[name]}</dd>
              </div>
            ))}
          </dl>
        )}
      </section>
    </div>
  );
}
