import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { Suspense, type ReactNode } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { queryClient } from './api/query-client.ts';
import { PAGES, pathOf } from './pages.ts';
import { PageBoundary } from './shell/page-boundary.tsx';
import { NotFound } from './shell/not-found.tsx';
import { PageSkeleton } from './shell/page-skeleton.tsx';
import { Shell } from './shell/shell.tsx';
import { schemeManager, theme } from './theme/theme.ts';

export function App(): ReactNode {
  return (
    // The variables are in our own sheet: the page's security policy takes no style that scripts write.
    <MantineProvider
      theme={theme}
      colorSchemeManager={schemeManager}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
      deduplicateCssVariables={false}
    >
      <QueryClientProvider client={queryClient}>
        <Shell>
          <PageBoundary>
            <Suspense fallback={<PageSkeleton />}>
              <Switch>
                {PAGES.map(({ name, path, Component }) => (
                  <Route key={name} path={path} component={Component} />
                ))}
                <Route path="/">
                  <Redirect to={pathOf('campaigns') + location.search} replace />
                </Route>
                <Route component={NotFound} />
              </Switch>
            </Suspense>
          </PageBoundary>
        </Shell>
      </QueryClientProvider>
    </MantineProvider>
  );
}
