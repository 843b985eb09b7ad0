import { useStore } from '@nanostores/react';
import { Component, type ReactNode } from 'react';
import { useLocation } from 'wouter';
import { PageHeader } from '../components/page-header.tsx';
import { ProblemNotice } from '../components/problem-notice.tsx';
import { shared } from '../i18n/en.ts';

/** A page that fails takes nothing else with it; another page is another chance. */
export function PageBoundary({ children }: { children: ReactNode }): ReactNode {
  const [path] = useLocation();
  return <Boundary key={path}>{children}</Boundary>;
}

class Boundary extends Component<{ children: ReactNode }, { error?: unknown }> {
  override state: { error?: unknown } = {};

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    return 'error' in this.state ? <Broken error={this.state.error} /> : this.props.children;
  }
}

function Broken({ error }: { error: unknown }): ReactNode {
  const t = useStore(shared);
  return (
    <>
      <PageHeader title={t.pageBroken} />
      {/* Also what a new release needs: the old one's files are gone from the server. */}
      <ProblemNotice error={error} onRetry={() => location.reload()} />
    </>
  );
}
