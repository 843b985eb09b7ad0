import { useStore } from '@nanostores/react';
import { useState, type ReactNode } from 'react';
import { shared } from '../i18n/en.ts';
import { CopyIcon, SuccessIcon } from './icons.ts';
import classes from './copy-button.module.css';

interface CopyButtonProps {
  text: string;
  /** What is copied: the button is "Copy: hash" for who does not see beside what it stands. */
  what: string;
}

/** Puts a text into the clipboard, and says so. */
export function CopyButton({ text, what }: CopyButtonProps): ReactNode {
  const t = useStore(shared);
  const [copied, setCopied] = useState<string>();
  const done = copied === text;
  const Icon = done ? SuccessIcon : CopyIcon;
  return (
    <button
      type="button"
      className={classes.copy}
      title={done ? t.copied : t.copy}
      aria-label={`${done ? t.copied : t.copy}: ${what}`}
      onClick={() =>
        void navigator.clipboard?.writeText(text).then(
          () => setCopied(text),
          () => undefined,
        )
      }
    >
      <Icon size={13} aria-hidden />
    </button>
  );
}
