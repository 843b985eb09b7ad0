import { Button, TextInput } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { useState, type FormEvent, type ReactNode } from 'react';
import type { Policy } from '../../api/schema.ts';
import { Dialog } from '../../components/dialog.tsx';
import { shared } from '../../i18n/en.ts';
import { messages } from './en.ts';
import { changeOf, faultsOf, type Draft, type Faults } from './policy-change.ts';
import classes from './campaign.module.css';

interface PolicyFormProps {
  /** As it was filled in last. */
  draft: Draft;
  policy: Policy;
  onNext: (draft: Draft) => void;
  onClose: () => void;
}

/** Takes a change of rate, failure threshold or end. */
export default function PolicyForm({ draft: before, policy, onNext, onClose }: PolicyFormProps): ReactNode {
  const t = useStore(messages);
  const common = useStore(shared);
  const [draft, setDraft] = useState(before);
  const [faults, setFaults] = useState<Faults>({});
  const [same, setSame] = useState(false);
  const next = (event: FormEvent): void => {
    event.preventDefault();
    const found = faultsOf(draft, Date.now());
    const unchanged = Object.keys(changeOf(policy, draft)).length === 0;
    setFaults(found);
    setSame(unchanged);
    if (Object.keys(found).length === 0 && !unchanged) onNext(draft);
  };
  const field = (
    name: keyof Draft,
  ): { value: string; onChange: (event: { currentTarget: { value: string } }) => void } => ({
    value: draft[name],
    onChange: ({ currentTarget: { value } }) => setDraft((now) => ({ ...now, [name]: value })),
  });
  return (
    <Dialog opened title={t.policy} onClose={onClose}>
      <form noValidate onSubmit={next} className={classes.form}>
        <TextInput
          label={t.fieldRate}
          description={t.fieldRateHelp}
          inputMode="decimal"
          error={faults.perMinute ? t.faultRate : undefined}
          data-autofocus
          {...field('perMinute')}
        />
        <TextInput
          label={t.fieldThreshold}
          description={t.fieldThresholdHelp}
          inputMode="decimal"
          error={faults.failurePercent ? t.faultPercent : undefined}
          {...field('failurePercent')}
        />
        <TextInput
          type="datetime-local"
          label={t.fieldEnd}
          description={t.fieldEndHelp}
          error={faults.endAt ? t.faultEnd : undefined}
          {...field('endAt')}
        />
        {same && <p role="alert">{t.nothingChanged}</p>}
        <div className={classes.buttons}>
          <Button variant="default" onClick={onClose}>
            {common.cancelDialog}
          </Button>
          <Button type="submit">{t.next}</Button>
        </div>
      </form>
    </Dialog>
  );
}
