import { Button } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { useEffect, type ReactNode } from 'react';
import { queryClient } from '../api/query-client.ts';
import { LostIcon } from '../components/icons.ts';
import { shared } from '../i18n/en.ts';
import { useFormat } from '../i18n/format.ts';
import { $connection, lookNow } from '../live/connection.ts';
import classes from './connection-banner.module.css';

/** Says that what is shown may be old, for as long as the API is out of reach; then everything shown is read anew. */
export function ConnectionBanner(): ReactNode {
  const t = useStore(shared);
  const format = useFormat();
  const { state, since } = useStore($connection);
  useEffect(() => {
    if (state === 'lost') return () => void queryClient.invalidateQueries();
    return undefined;
  }, [state]);
  if (state !== 'lost' || since === undefined) return null;
  return (
    <div className={classes.banner}>
      <LostIcon size={18} aria-hidden />
      <p>{t.connectionLostText({ since: format.dateTime(since) })}</p>
      <Button size="xs" variant="default" onClick={lookNow}>
        {t.tryNow}
      </Button>
    </div>
  );
}
