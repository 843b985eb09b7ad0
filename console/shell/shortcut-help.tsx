import { useStore } from '@nanostores/react';
import { Fragment, type ReactNode } from 'react';
import { Dialog } from '../components/dialog.tsx';
import { shared } from '../i18n/en.ts';
import { $shortcuts } from './shortcuts.ts';
import classes from './shortcut-help.module.css';

/** The keys that do something on this page. */
export default function ShortcutHelp({ onClose }: { onClose: () => void }): ReactNode {
  const t = useStore(shared);
  const shortcuts = useStore($shortcuts);
  return (
    <Dialog opened title={t.shortcuts} onClose={onClose}>
      <dl className={classes.list}>
        {shortcuts.map(({ keys, words }) => (
          <div key={keys}>
            <dt>{words}</dt>
            <dd>
              {keys.split(' ').map((key, index) => (
                <Fragment key={key}>
                  {index > 0 && <span> {t.shortcutThen} </span>}
                  <kbd>{key}</kbd>
                </Fragment>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
