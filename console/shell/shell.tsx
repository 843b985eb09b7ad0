import { useStore } from '@nanostores/react';
import { Suspense, useEffect, useRef, useState, type ReactNode, type RefObject } from 'react';
import { useLocation } from 'wouter';
import { shared } from '../i18n/en.ts';
import { lazyPart } from '../lib/lazy-part.tsx';
import { hasPage, pathOf } from '../pages.ts';
import { ConnectionBanner } from './connection-banner.tsx';
import { Navigation } from './navigation.tsx';
import { handleKey, useShortcuts } from './shortcuts.ts';
import { TopBar } from './top-bar.tsx';
import { MENU } from './menu.ts';
import classes from './shell.module.css';

const { Part: ShortcutHelp } = lazyPart(() => import('./shortcut-help.tsx'));

/** What stands around every page. */
export function Shell({ children }: { children: ReactNode }): ReactNode {
  const t = useStore(shared);
  const [helping, setHelping] = useState(false);
  const main = useRef<HTMLElement>(null);
  useGoingByKeys(() => setHelping(true));
  useFocusOnNewPage(main);
  return (
    <>
      <a className={classes.skip} href="#main">
        {t.skipToContent}
      </a>
      <TopBar onHelp={() => setHelping(true)} />
      <Navigation />
      <main id="main" ref={main} tabIndex={-1} className={classes.main}>
        <ConnectionBanner />
        {children}
      </main>
      {helping && (
        <Suspense fallback={null}>
          <ShortcutHelp onClose={() => setHelping(false)} />
        </Suspense>
      )}
    </>
  );
}

function useGoingByKeys(showHelp: () => void): void {
  const t = useStore(shared);
  const [, navigate] = useLocation();
  useShortcuts([
    { keys: '?', words: t.shortcutHelp, run: showHelp },
    ...MENU.filter(({ page }) => hasPage(page)).map(({ page, words, key }) => ({
      keys: `g ${key}`,
      words: t.shortcutGo({ page: t[words] }),
      run: () => navigate(pathOf(page)),
    })),
  ]);
  useEffect(() => {
    const handle = (event: KeyboardEvent): void => handleKey(event);
    window.addEventListener('keydown', handle);
    return () => window.removeEventListener('keydown', handle);
  }, []);
}

/** A new page is read from its beginning, also by who does not see it. */
function useFocusOnNewPage(main: RefObject<HTMLElement | null>): void {
  const [path] = useLocation();
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    const first = before.current === '/';
    before.current = path;
    if (first) return;
    main.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [path, main]);
}
