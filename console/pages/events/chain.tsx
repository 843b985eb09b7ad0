import { useStore } from '@nanostores/react';
import { Suspense, useState, type ReactNode } from 'react';
import type { AuditHead } from '../../api/schema.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { Stat, Stats } from '../../components/stat.tsx';
import { useFormat } from '../../i18n/format.ts';
import { lazyPart } from '../../lib/lazy-part.tsx';
import { messages } from './en.ts';
import { useArchives, useAuditHead } from './use-events.ts';
import classes from './chain.module.css';

const { Part: Verify } = lazyPart(() => import('./verify.tsx'));

/** Seconds from which on something holds the sealing up. */
const LONG_LAG = 60;
/** Characters of a hash by which people tell it from others. */
const SHORT = 12;

/** How far the events are sealed, and how that is verified. */
export function Chain(): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const { data: head } = useAuditHead();
  const { data: archives } = useArchives();
  const [open, setOpen] = useState(false);
  const late = (head?.lagSeconds ?? 0) >= LONG_LAG;
  const waiting = ({ lagSeconds }: AuditHead): string =>
    (late ? t.waitsLong : t.waits)({ duration: format.duration(lagSeconds) });
  return (
    <>
      <Stats label={t.chain}>
        <Stat
          label={t.chainHead}
          value={head ? format.number(head.position) : '–'}
          detail={head?.sealedAt ? format.dateTime(head.sealedAt) : undefined}
        />
        <Stat
          label={t.chainHash}
          value={<code className={classes.hash}>{head ? `${head.hash.slice(0, SHORT)}…` : '–'}</code>}
          detail={head && <CopyButton text={`${head.position}:${head.hash}`} what={t.chainHash} />}
        />
        <Stat
          label={t.chainUnsealed}
          value={head ? format.number(head.unsealed) : '–'}
          detail={head && head.unsealed > 0 && waiting(head)}
          tone={late ? 'timeout' : undefined}
        />
        <Stat label={t.chainArchives} value={archives ? format.number(archives.items.length) : '–'} />
      </Stats>
      <details className={classes.verify} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{t.verify}</summary>
        {open && (
          <Suspense fallback={null}>
            <Verify head={head} archives={archives?.items} />
          </Suspense>
        )}
      </details>
    </>
  );
}
