import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { DeadLetter } from '../../api/schema.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { useFormat } from '../../i18n/format.ts';
import { hasPage, pathOf } from '../../pages.ts';
import { messages } from './en.ts';
import { StateBadge, useKeyInWords } from './letter-row.tsx';
import classes from './letter.module.css';

/** A key of those topics whose messages are about a terminal in a campaign. */
const CAMPAIGN_AND_TPE =
  /^([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\|([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/;

/** Everything about a letter but its content. */
export function LetterFacts({ letter }: { letter: DeadLetter }): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const key = useKeyInWords(letter);
  const { topic, partition, offset, stage, reason, tries, failedAt, receivedAt, deadLetterId } = letter;
  return (
    <section aria-label={t.facts} className={classes.facts}>
      <dl>
        <Fact label={t.state}>
          <StateBadge state={letter.state} />
        </Fact>
        <Decided letter={letter} />
        <Fact label={t.reason}>{reason}</Fact>
        <Fact label={t.stage}>
          {stage} · {t.tries}: {format.number(tries)}
        </Fact>
        <Fact label={t.failedAt}>{format.exact(failedAt)}</Fact>
        <Fact label={t.receivedAt}>{format.exact(receivedAt)}</Fact>
      </dl>
      <dl>
        <Fact label={t.topic}>{topic}</Fact>
        <Fact label={t.place}>
          {partition === null || offset === null
            ? t.placeNone
            : t.placeOf({ partition: format.number(partition), offset: format.number(offset) })}
        </Fact>
        <Fact label={t.key}>
          <code>{key}</code>
          {letter.key?.encoding === 'utf-8' && <CopyButton text={key} what={t.key} />}
        </Fact>
        <About keyText={key} />
        <Fact label={t.letterId}>
          <code>{deadLetterId}</code>
          <CopyButton text={deadLetterId} what={t.letterId} />
        </Fact>
      </dl>
    </section>
  );
}

function Decided({
  letter: { state, decidedBy, decidedAt, decisionReason },
}: {
  letter: DeadLetter;
}): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  if (state === 'OPEN' || decidedBy === null || decidedAt === null) return null;
  return (
    <>
      <Fact label={t.decision}>
        {t.decidedBy({ state: t[`state${state}`], by: decidedBy, when: format.dateTime(decidedAt) })}
      </Fact>
      {decisionReason !== null && <Fact label={t.decisionReason}>{decisionReason}</Fact>}
    </>
  );
}

/** What the message was about, where its key says so and there are pages of it. */
function About({ keyText }: { keyText: string }): ReactNode {
  const t = useStore(messages);
  const [, campaignId, tpeId] = CAMPAIGN_AND_TPE.exec(keyText) ?? [];
  if (campaignId === undefined || tpeId === undefined) return null;
  return (
    <>
      {hasPage('campaign') && (
        <Fact label={t.campaign}>
          <Link href={pathOf('campaign', { campaignId })}>{t.toCampaign}</Link>
        </Fact>
      )}
      {hasPage('terminal') && (
        <Fact label={t.terminal}>
          <Link href={pathOf('terminal', { tpeId })}>{t.toTerminal}</Link>
        </Fact>
      )}
    </>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }): ReactNode {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
