import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { EmptyState } from '../components/empty-state.tsx';
import { SearchIcon } from '../components/icons.ts';
import { PageHeader } from '../components/page-header.tsx';
import { shared } from '../i18n/en.ts';
import { pathOf } from '../pages.ts';

export function NotFound(): ReactNode {
  const t = useStore(shared);
  return (
    <>
      <PageHeader title={t.notFoundTitle} />
      <EmptyState icon={SearchIcon} title={t.notFoundText}>
        <Link href={pathOf('campaigns')}>{t.toCampaigns}</Link>
      </EmptyState>
    </>
  );
}
