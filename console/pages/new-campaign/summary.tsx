import { Button } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { useId, useState, type ReactNode } from 'react';
import type { PolicyRequest } from '../../api/schema.ts';
import { ApiProblem } from '../../api/problem.ts';
import { NameInput } from '../../components/name-input.tsx';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { useFormat } from '../../i18n/format.ts';
import { $actor, isName, sayWhoYouAre } from '../../state/actor.ts';
import type { Draft } from './draft.ts';
import { messages } from './en.ts';
import { policyInWords } from './policy-words.ts';
import type { Preview } from './use-preview.ts';
import classes from './summary.module.css';

interface SummaryProps {
  draft: Draft;
  preview: Preview;
  policy: PolicyRequest;
  /** What is to be filled in or corrected, in words. */
  open: readonly string[];
  launching: { busy: boolean; error: unknown };
  onLaunch: (by: string) => void;
  /** Makes the form that of another campaign. */
  onRenew: () => void;
}

/** What will happen, in words, and the button that has it happen. */
export function Summary({
  draft,
  preview,
  policy,
  open,
  launching,
  onLaunch,
  onRenew,
}: SummaryProps): ReactNode {
  const t = useStore(messages);
  const titleId = useId();
  const wordsId = useId();
  const actor = useStore($actor);
  // Asked for once: not taken away while it is being typed.
  const [asksName] = useState(actor === '');
  const [name, setName] = useState('');
  const [nameless, setNameless] = useState(false);
  const { found, current } = preview;
  const counting = open.length === 0 && !current && preview.error === null;
  const { error, busy } = launching;
  const used = error instanceof ApiProblem && error.code === 'idempotency-key-reused';

  function launch(): void {
    const missing = asksName && !isName(name);
    setNameless(missing);
    if (asksName && !missing) sayWhoYouAre(name);
    if (!missing) onLaunch($actor.get());
  }

  return (
    <section className={classes.summary} aria-labelledby={titleId}>
      <h2 id={titleId}>{t.review}</h2>
      <div id={wordsId} className={classes.words}>
        <Aim draft={draft} />
        {found && <Numbers preview={preview} />}
        <PolicyWords draft={draft} policy={policy} />
      </div>
      {open.length > 0 && (
        <div className={classes.open}>
          <p>{t.incomplete}</p>
          <ul>
            {open.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </div>
      )}
      {asksName && <NameInput value={name} onChange={setName} faulty={nameless} />}
      {error !== undefined && <ProblemNotice error={error} />}
      {used && (
        <div className={classes.used}>
          <p>{t.usedKey}</p>
          <Button size="xs" variant="default" onClick={onRenew}>
            {t.launchAgain}
          </Button>
        </div>
      )}
      <Button fullWidth loading={busy} disabled={counting} onClick={launch} aria-describedby={wordsId}>
        {counting
          ? t.counting
          : found && current && found.eligible > 0
            ? t.launchN(found.eligible)
            : t.launch}
      </Button>
    </section>
  );
}

function Aim({ draft }: { draft: Draft }): ReactNode {
  const t = useStore(messages);
  const { version, name, kind, rule, group } = draft;
  const who = {
    all: t.reviewAll,
    rule: t.reviewRule({ rule: rule.trim() || '…' }),
    group: t.reviewGroup({ name: group || '…' }),
    ids: t.reviewIds,
  }[kind];
  return (
    <>
      {name.trim() !== '' && <p className={classes.name}>{name}</p>}
      <p className={classes.aim}>{t.reviewTo({ version: version.trim() || '…' })}</p>
      <p className={classes.who}>{who}</p>
    </>
  );
}

function Numbers({ preview: { found, current } }: { preview: Preview }): ReactNode {
  const t = useStore(messages);
  const { eligible = 0, total = 0 } = found ?? {};
  return (
    <p className={classes.numbers} data-current={current} role="status">
      <b>{eligible > 0 ? t.reviewUpdates(eligible) : t.reviewNone}</b>
      {total > eligible && <span>{t.reviewExcluded(total - eligible)}</span>}
    </p>
  );
}

/** A template is in words where it is chosen. */
function PolicyWords({ draft, policy }: { draft: Draft; policy: PolicyRequest }): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  if (draft.how === 'template') {
    return (
      <p>
        {t.sectionHow}: <b>{draft.template || t.noTemplate}</b>
        {policy.approval === 'four-eyes' && <>. {t.fourEyesWords}</>}
      </p>
    );
  }
  return (
    <ul className={classes.policy} aria-label={t.sectionHow}>
      {policyInWords({ t, format }, policy).map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
    </ul>
  );
}
