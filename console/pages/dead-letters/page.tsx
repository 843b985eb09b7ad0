import { Button } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { Suspense, useEffect, useRef, type ReactNode } from 'react';
import { RefreshIcon } from '../../components/icons.ts';
import { PageHeader } from '../../components/page-header.tsx';
import { lazyPart } from '../../lib/lazy-part.tsx';
import { useSearchParams } from '../../lib/search-params.ts';
import { PageSkeleton } from '../../shell/page-skeleton.tsx';
import { useShortcuts } from '../../shell/shortcuts.ts';
import { messages } from './en.ts';
import { FILTERS, type Filter } from './filters.ts';
import { LetterList } from './letter-list.tsx';
import { Summary } from './summary.tsx';
import { useRefresh } from './use-letters.ts';

const { Part: LetterView } = lazyPart(() => import('./letter-view.tsx'));

export default function DeadLettersPage(): ReactNode {
  const [filter, change] = useSearchParams(FILTERS);
  useFocusOnReturn(filter.letter);
  if (filter.letter !== '') {
    return (
      <Suspense fallback={<PageSkeleton />}>
        <LetterView key={filter.letter} filter={filter} />
      </Suspense>
    );
  }
  return <All filter={filter} onChange={change} />;
}

interface AllProps {
  filter: Filter;
  onChange: (change: Partial<Filter>) => void;
}

function All({ filter, onChange }: AllProps): ReactNode {
  const t = useStore(messages);
  const refresh = useRefresh();
  useShortcuts([{ keys: 'r', words: t.keyRefresh, run: refresh }]);
  return (
    <>
      <PageHeader
        title={t.title}
        actions={
          <Button variant="default" leftSection={<RefreshIcon size={15} aria-hidden />} onClick={refresh}>
            {t.refresh}
          </Button>
        }
      >
        {t.lead}
      </PageHeader>
      <Summary filter={filter} onChange={onChange} />
      <LetterList filter={filter} onChange={onChange} />
    </>
  );
}

/** Who comes back from a letter goes on at its row. */
function useFocusOnReturn(letter: string): void {
  const before = useRef(letter);
  useEffect(() => {
    const left = before.current;
    before.current = letter;
    if (letter !== '' || left === '') return;
    document.querySelector<HTMLElement>(`[data-letter="${CSS.escape(left)}"] a`)?.focus();
  }, [letter]);
}
