import { useStore } from '@nanostores/react';
import { useEffect, useState, type ReactNode } from 'react';
import { Button } from '@mantine/core';
import { ApiProblem, ApiUnreachable } from '../api/problem.ts';
import type { Problem } from '../api/schema.ts';
import { shared } from '../i18n/en.ts';
import { useFormat } from '../i18n/format.ts';
import { $locale } from '../i18n/i18n.ts';
import { AlertIcon } from './icons.ts';
import classes from './problem-notice.module.css';

interface ProblemNoticeProps {
  /** What was thrown. */
  error: unknown;
  /** Tries again. */
  onRetry?: () => void;
}

/** What went wrong, what to do about it, and the id by which it is found in the log. */
export function ProblemNotice({ error, onRetry }: ProblemNoticeProps): ReactNode {
  const t = useStore(shared);
  const refused = error instanceof ApiProblem ? error : undefined;
  const words = useProblemWords(refused?.code);
  const known = error instanceof ApiUnreachable ? 'problemUnreachable' : 'problemUnknown';
  return (
    <div className={classes.notice} role="alert">
      <AlertIcon size={18} aria-hidden />
      <div className={classes.text}>
        <p className={classes.title}>{words?.title ?? refused?.problem.title ?? t[known]}</p>
        {refused && <p>{refused.problem.detail}</p>}
        {!refused && error instanceof Error && <p className={classes.detail}>{error.message}</p>}
        <p>{refused ? words?.remedy : t[`${known}Do`]}</p>
        {refused && <Refusal refused={refused} />}
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry} className={classes.retry}>
            {t.retry}
          </Button>
        )}
      </div>
    </div>
  );
}

function Refusal({ refused: { problem, retryAfter } }: { refused: ApiProblem }): ReactNode {
  const t = useStore(shared);
  const format = useFormat();
  return (
    <>
      {problem.errors && problem.errors.length > 0 && (
        <ul className={classes.faults} aria-label={t.problemFaults}>
          {problem.errors.map((fault, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- they have no other name and never change places
            <li key={index}>
              {placeOf(fault) && <code>{placeOf(fault)}</code>} {fault.message}
            </li>
          ))}
        </ul>
      )}
      {retryAfter !== undefined && <p>{t.problemRetryIn({ duration: format.duration(retryAfter) })}</p>}
      <CorrelationId id={problem.correlationId} />
    </>
  );
}

function placeOf({
  pointer,
  parameter,
  header,
  line,
  column,
}: NonNullable<Problem['errors']>[number]): string {
  if (line !== undefined) return [line, column].filter(Boolean).join(':');
  return pointer ?? parameter ?? header ?? '';
}

function CorrelationId({ id }: { id: string }): ReactNode {
  const t = useStore(shared);
  const [copied, setCopied] = useState(false);
  return (
    <p className={classes.detail}>
      {t.problemId}: <code>{id}</code>{' '}
      <button
        type="button"
        className={classes.copy}
        onClick={() => void navigator.clipboard?.writeText(id).then(() => setCopied(true))}
      >
        {copied ? t.copied : t.copy}
      </button>
    </p>
  );
}

interface ProblemWords {
  title: string;
  remedy: string;
}

/** Title and remedy in the reader's language; until they are there, or cannot be had, the API's own words stand. */
function useProblemWords(code: string | undefined): ProblemWords | undefined {
  const locale = useStore($locale);
  const [words, setWords] = useState<Record<string, ProblemWords>>();
  useEffect(() => {
    if (code === undefined) return;
    const load = locale === 'fr' ? import('../i18n/problems-fr.ts') : import('../i18n/problems-en.ts');
    load.then(
      (module) => setWords(module.default),
      () => undefined,
    );
  }, [code, locale]);
  return code === undefined ? undefined : words?.[code];
}
