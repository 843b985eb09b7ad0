import { TextInput } from '@mantine/core';
import { useRef, type ReactNode, type Ref } from 'react';
import { useShortcuts } from '../shell/shortcuts.ts';
import { SearchIcon } from './icons.ts';

interface FilterFieldProps {
  label: string;
  /** What can be given. */
  placeholder: string;
  value: string;
  onChange: (value: string) => void;
  /** What is wrong with it. */
  error?: string | undefined;
  /** Id of a `datalist` of suggestions. */
  list?: string | undefined;
  maxLength?: number;
  className?: string | undefined;
}

interface SearchFieldProps extends FilterFieldProps {
  /** What the key `/` does, in words. */
  keyWords: string;
}

/** Takes a text that narrows a list; Escape leads away from it. */
export function FilterField(props: FilterFieldProps): ReactNode {
  return <Field {...props} />;
}

/** Takes what a list is searched for: `/` leads to it, Escape away from it. */
export function SearchField({ keyWords, ...rest }: SearchFieldProps): ReactNode {
  const input = useRef<HTMLInputElement>(null);
  useShortcuts([{ keys: '/', words: keyWords, run: () => input.current?.focus() }]);
  return <Field {...rest} ref={input} icon={<SearchIcon size={15} aria-hidden />} />;
}

interface FieldProps extends FilterFieldProps {
  ref?: Ref<HTMLInputElement>;
  icon?: ReactNode;
}

function Field({ label, onChange, icon, ...rest }: FieldProps): ReactNode {
  return (
    <TextInput
      {...rest}
      type="search"
      aria-label={label}
      title={label}
      leftSection={icon}
      leftSectionPointerEvents="none"
      autoComplete="off"
      spellCheck={false}
      onChange={(event) => onChange(event.currentTarget.value)}
      onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
    />
  );
}
