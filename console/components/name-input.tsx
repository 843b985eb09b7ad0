import { TextInput } from '@mantine/core';
import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { shared } from '../i18n/en.ts';

interface NameInputProps {
  value: string;
  onChange: (value: string) => void;
  faulty: boolean;
}

/** Takes the name of who uses the console. */
export function NameInput({ value, onChange, faulty }: NameInputProps): ReactNode {
  const t = useStore(shared);
  return (
    <TextInput
      label={t.yourName}
      description={t.yourNameHelp}
      required
      autoComplete="name"
      maxLength={100}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={faulty ? t.nameNeeded : undefined}
      data-autofocus
    />
  );
}
