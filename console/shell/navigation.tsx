import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { shared } from '../i18n/en.ts';
import { hasPage, PAGES, pathOf } from '../pages.ts';
import { MENU } from './menu.ts';
import classes from './navigation.module.css';

/** At the left; at the bottom of a phone. */
export function Navigation(): ReactNode {
  const t = useStore(shared);
  const [path] = useLocation();
  return (
    <nav className={classes.nav} aria-label={t.navigation}>
      <ul>
        {MENU.filter(({ page }) => hasPage(page)).map(({ page, words, icon: Icon }) => {
          const preload = PAGES.find(({ name }) => name === page)?.preload;
          return (
            <li key={page}>
              <Link
                href={pathOf(page)}
                className={classes.link}
                aria-current={path === pathOf(page) ? 'page' : undefined}
                onPointerEnter={() => void preload?.()}
                onFocus={() => void preload?.()}
              >
                <Icon size={18} strokeWidth={1.9} aria-hidden />
                <span>{t[words]}</span>
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
