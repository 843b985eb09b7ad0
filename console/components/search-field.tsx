import { TextInput } from '@mantine/core';
import { useRef, type ReactNode } from 'react';
import { useShortcuts } from '../shell/shortcuts.ts';
import { SearchIcon } from './icons.ts';

interface SearchFieldProps {
  label: string;
  /** What can be searched for. */
  placeholder: string;
  /** What the key `/` does, in words. */
  keyWords: string;
  value: string;
  onChange: (value: string) => void;
  maxLength?: number;
  className?: string | undefined;
}

/** Takes what a list is searched for: `/` leads to it, Escape away from it. */
export function SearchField({ label, keyWords, onChange, ...rest }: SearchFieldProps): ReactNode {
  const input = useRef<HTMLInputElement>(null);
  useShortcuts([{ keys: '/', words: keyWords, run: () => input.current?.focus() }]);
  return (
    <TextInput
      {...rest}
      ref={input}
      type="search"
      aria-label={label}
      leftSection={<SearchIcon size={15} aria-hidden />}
      leftSectionPointerEvents="none"
      spellCheck={false}
      onChange={(event) => onChange(event.currentTarget.value)}
      onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
    />
  );
}
