import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { useFormat } from '../i18n/format.ts';
import { $now } from '../state/now.ts';

/** How long ago, with the exact time in its title. */
export function TimeAgo({ instant }: { instant: string }): ReactNode {
  const format = useFormat();
  const now = useStore($now);
  return (
    <time dateTime={instant} title={format.exact(instant)}>
      {format.relative(instant, now)}
    </time>
  );
}
