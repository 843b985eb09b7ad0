import { Button } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { BackIcon } from '../../components/icons.ts';
import { PageHeader } from '../../components/page-header.tsx';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { PageSkeleton } from '../../shell/page-skeleton.tsx';
import { useShortcuts } from '../../shell/shortcuts.ts';
import { messages } from './en.ts';
import { addressOf, type Filter } from './filters.ts';
import { LetterContent } from './letter-content.tsx';
import { LetterFacts } from './letter-facts.tsx';
import { useLetter } from './use-letters.ts';
import classes from './dead-letters.module.css';

/** One letter: where it was, why it failed, all of its value; corrected, replayed or discarded here. */
export default function LetterView({ filter }: { filter: Filter }): ReactNode {
  const t = useStore(messages);
  const [, navigate] = useLocation();
  const client = useQueryClient();
  const { data: letter, error, refetch } = useLetter(filter.letter);
  const list = addressOf(filter, '');
  const view = useRef<HTMLDivElement>(null);
  useShortcuts([{ keys: 'u', words: t.keyBack, run: () => navigate(list) }]);
  useEffect(() => {
    view.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, []);
  return (
    <div ref={view} tabIndex={-1} className={classes.view}>
      <PageHeader
        title={letter ? t.letterTitle({ error: letter.error }) : t.title}
        actions={
          <Button
            component={Link}
            href={list}
            variant="default"
            leftSection={<BackIcon size={15} aria-hidden />}
          >
            {t.backToList}
          </Button>
        }
      />
      {error !== null && <ProblemNotice error={error} onRetry={() => void refetch()} />}
      {!letter && error === null && <PageSkeleton />}
      {letter && (
        <>
          <LetterFacts letter={letter} />
          <LetterContent
            letter={letter}
            // The list, too, shows what has become of it.
            onDecided={() => void client.invalidateQueries({ queryKey: ['dead-letters'] })}
          />
        </>
      )}
    </div>
  );
}
