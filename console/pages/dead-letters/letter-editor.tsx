import { Button, Textarea, TextInput } from '@mantine/core';
import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import type { StoreValue } from 'nanostores';
import type { DeadLetter } from '../../api/schema.ts';
import { NewIcon } from '../../components/icons.ts';
import { RemoveButton } from '../../components/remove-button.tsx';
import type { Refusal } from './decide.ts';
import { messages } from './en.ts';
import {
  isPlatformHeader,
  textOf,
  withHeader,
  type Draft,
  type DraftFaults,
  type HeaderDraft,
} from './letter-draft.ts';
import classes from './letter.module.css';

interface LetterEditorProps {
  letter: DeadLetter;
  draft: Draft;
  faults: DraftFaults;
  /** What the API has refused. */
  refusal: Refusal;
  onChange: (draft: Draft) => void;
}

/** Takes another key, another value and other headers; says at once what would be refused. */
export default function LetterEditor(props: LetterEditorProps): ReactNode {
  const { letter, draft, faults, refusal, onChange } = props;
  const t = useStore(messages);
  const known = textOf(letter) !== undefined;
  const help = draft.asText ? t.valueHelpText : t.valueHelp;
  return (
    <div className={classes.content}>
      <section aria-label={t.value}>
        <TextInput
          className={classes.keyInput}
          label={t.keyLabel}
          description={t.keyHelp}
          spellCheck={false}
          autoComplete="off"
          maxLength={4_096}
          value={draft.key}
          error={refusal.key}
          onChange={(event) => onChange({ ...draft, key: event.currentTarget.value })}
        />
        <Textarea
          className={classes.valueInput}
          label={t.valueLabel}
          description={known ? help : `${t.valueHelpOther} ${help}`}
          rows={Math.min(Math.max(draft.value.split('\n').length + 1, 8), 30)}
          spellCheck={false}
          autoComplete="off"
          value={draft.value}
          error={valueFault(t, faults) ?? refusal.value}
          onChange={(event) => onChange({ ...draft, value: event.currentTarget.value })}
        />
        <label className={classes.asText}>
          <input
            type="checkbox"
            checked={draft.asText}
            onChange={(event) => onChange({ ...draft, asText: event.currentTarget.checked })}
          />
          {t.asText}
        </label>
      </section>
      <section aria-label={t.headers}>
        <h2>{t.headers}</h2>
        <ul className={classes.headerInputs}>
          {draft.headers.map((header) => (
            <HeaderInput
              key={header.id}
              header={header}
              fault={faults.headers.has(header.id) ? t.headerFault : refusal.headers[header.name]}
              onChange={(changed) =>
                onChange({ ...draft, headers: replaced(draft.headers, header, changed) })
              }
            />
          ))}
        </ul>
        <Button
          size="xs"
          variant="default"
          leftSection={<NewIcon size={14} aria-hidden />}
          onClick={() => onChange(withHeader(draft))}
        >
          {t.headerAdd}
        </Button>
      </section>
    </div>
  );
}

function valueFault(t: StoreValue<typeof messages>, { json, empty }: DraftFaults): string | undefined {
  if (empty) return t.faultEmpty;
  if (!json) return undefined;
  const { line, column } = json;
  if (line === undefined || column === undefined) return t.faultJson;
  return t.faultJsonAt({ line: String(line), column: String(column) });
}

function replaced(
  headers: readonly HeaderDraft[],
  header: HeaderDraft,
  changed: HeaderDraft | undefined,
): HeaderDraft[] {
  return headers.flatMap((each) => (each.id === header.id ? (changed ? [changed] : []) : [each]));
}

interface HeaderInputProps {
  header: HeaderDraft;
  fault: string | undefined;
  /** Undefined: it is removed. */
  onChange: (header: HeaderDraft | undefined) => void;
}

function HeaderInput({ header, fault, onChange }: HeaderInputProps): ReactNode {
  const t = useStore(messages);
  const fixed = header.received && isPlatformHeader(header.name);
  const name = header.name === '' ? t.headerNew : header.name;
  return (
    <li>
      <TextInput
        size="xs"
        aria-label={t.headerName}
        value={header.name}
        readOnly={header.received}
        data-fixed={header.received}
        spellCheck={false}
        maxLength={200}
        error={fault}
        onChange={(event) => onChange({ ...header, name: event.currentTarget.value })}
      />
      <TextInput
        size="xs"
        aria-label={t.headerValue({ name })}
        title={fixed ? t.platformHeader : undefined}
        value={header.value}
        readOnly={fixed}
        data-fixed={fixed}
        spellCheck={false}
        maxLength={10_000}
        onChange={(event) => onChange({ ...header, value: event.currentTarget.value })}
      />
      <RemoveButton label={t.headerRemove({ name })} disabled={fixed} onClick={() => onChange(undefined)} />
    </li>
  );
}
