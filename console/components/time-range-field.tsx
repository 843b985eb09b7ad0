import { NativeSelect, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { fromInput, SPANS, toInput, type Span, type TimeRange } from './time-range.ts';
import classes from './time-range-field.module.css';

export type TimeRangeWords = Record<Span, string> & {
  label: string;
  from: string;
  to: string;
  backwards: string;
};

interface TimeRangeFieldProps {
  value: TimeRange;
  onChange: (change: Partial<TimeRange>) => void;
  /** It ends before it begins. */
  faulty: boolean;
  words: TimeRangeWords;
}

/** Takes a span of time. */
export function TimeRangeField({ value, onChange, faulty, words }: TimeRangeFieldProps): ReactNode {
  return (
    <div className={classes.range} data-between={value.last === 'between'}>
      <NativeSelect
        aria-label={words.label}
        value={value.last}
        onChange={(event) => {
          const last = SPANS.find((span) => span === event.currentTarget.value) ?? 'any';
          onChange(last === 'between' ? { last } : { last, from: '', to: '' });
        }}
        data={SPANS.map((span) => ({ value: span, label: words[span] }))}
      />
      {value.last === 'between' && (
        <>
          <Moment label={words.from} value={value.from} onChange={(from) => onChange({ from })} />
          <Moment
            label={words.to}
            value={value.to}
            onChange={(to) => onChange({ to })}
            error={faulty ? words.backwards : undefined}
          />
        </>
      )}
    </div>
  );
}

interface MomentProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  error?: string | undefined;
}

function Moment({ label, value, onChange, error }: MomentProps): ReactNode {
  return (
    <TextInput
      type="datetime-local"
      aria-label={label}
      title={label}
      // Not controlled: while a part is missing the browser gives no value, and would lose the others.
      defaultValue={toInput(value)}
      onChange={(event) => {
        const given = fromInput(event.currentTarget.value);
        if (given !== '' || event.currentTarget.validity.valid) onChange(given);
      }}
      error={error}
    />
  );
}
