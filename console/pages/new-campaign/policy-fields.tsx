import '@mantine/core/styles/InlineInput.layer.css';
import '@mantine/core/styles/Checkbox.layer.css';
import { Checkbox, NativeSelect, TextInput } from '@mantine/core';
import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { messages } from './en.ts';
import { faultAt } from './faults.ts';
import { MaintenanceFields } from './maintenance-fields.tsx';
import { NumberField } from './number-field.tsx';
import type { PolicyFieldsProps } from './policy-fields-props.ts';
import type { FailureAction, PolicyForm } from './policy-form.ts';
import { WaveFields } from './wave-fields.tsx';
import classes from './policy-fields.module.css';

/** The policy by hand. An empty field means what it shows in grey. */
export default function PolicyFields({ form, onChange, faults }: PolicyFieldsProps): ReactNode {
  const t = useStore(messages);
  return (
    <div className={classes.fields}>
      <Part title={t.waves}>
        <WaveFields waves={form.waves} onChange={(waves) => onChange({ waves })} faults={faults} />
      </Part>
      <Part title={t.pace}>
        <Pace form={form} onChange={onChange} faults={faults} />
      </Part>
      <Part title={t.failures}>
        <Failures form={form} onChange={onChange} faults={faults} />
      </Part>
      <Part title={t.times}>
        <Times form={form} onChange={onChange} faults={faults} />
      </Part>
      <Part title={t.maintenance}>
        <MaintenanceFields form={form} onChange={onChange} faults={faults} />
      </Part>
      <Part title={t.approval}>
        <Checkbox
          label={t.fourEyes}
          checked={form.fourEyes}
          onChange={(event) => onChange({ fourEyes: event.currentTarget.checked })}
        />
      </Part>
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }): ReactNode {
  return (
    <fieldset className={classes.part}>
      <legend>{title}</legend>
      {children}
    </fieldset>
  );
}

function Pace({ form, onChange, faults }: PolicyFieldsProps): ReactNode {
  const t = useStore(messages);
  const at = (field: string): string | undefined => faultAt(faults, `/policy/rate/${field}`);
  return (
    <div className={classes.row}>
      <NumberField
        label={t.perMinute}
        value={form.perMinute}
        onChange={(perMinute) => onChange({ perMinute })}
        placeholder={t.noLimit}
        error={at('perMinute') ?? faultAt(faults, '/policy/rate')}
      />
      <NumberField
        label={t.growthFactor}
        value={form.growthFactor}
        onChange={(growthFactor) => onChange({ growthFactor })}
        placeholder="1"
        error={at('growthFactor')}
      />
      <NumberField
        label={t.growEvery}
        value={form.growEvery}
        onChange={(growEvery) => onChange({ growEvery })}
        placeholder="100"
        error={at('growEvery')}
      />
      <NumberField
        label={t.maxPerMinute}
        value={form.maxPerMinute}
        onChange={(maxPerMinute) => onChange({ maxPerMinute })}
        placeholder={t.noLimit}
        error={at('maxPerMinute')}
      />
      <NativeSelect
        size="xs"
        label={t.order}
        value={form.order}
        onChange={(event) => onChange({ order: event.currentTarget.value as PolicyForm['order'] })}
        data={[
          { value: 'given', label: t.orderGiven },
          { value: 'random', label: t.orderRandom },
          { value: 'site', label: t.orderSite },
        ]}
      />
    </div>
  );
}

function Failures({ form, onChange, faults }: PolicyFieldsProps): ReactNode {
  const t = useStore(messages);
  return (
    <>
      <Checkbox
        label={t.threshold}
        checked={form.threshold}
        onChange={(event) => onChange({ threshold: event.currentTarget.checked })}
      />
      {form.threshold && <Threshold form={form} onChange={onChange} faults={faults} />}
      <div className={classes.row}>
        <NumberField
          label={t.attempts}
          value={form.attempts}
          onChange={(attempts) => onChange({ attempts })}
          placeholder="1"
          error={faultAt(faults, '/policy/retry/attempts')}
        />
        <NumberField
          label={t.backoffMinutes}
          value={form.backoffMinutes}
          onChange={(backoffMinutes) => onChange({ backoffMinutes })}
          placeholder="5"
          error={faultAt(faults, '/policy/retry/backoffSeconds')}
        />
        <NumberField
          label={t.backoffFactor}
          value={form.backoffFactor}
          onChange={(backoffFactor) => onChange({ backoffFactor })}
          placeholder="2"
          error={faultAt(faults, '/policy/retry/backoffFactor')}
        />
      </div>
      <Checkbox
        label={t.rollBackFailed}
        checked={form.rollBack}
        onChange={(event) => onChange({ rollBack: event.currentTarget.checked })}
      />
    </>
  );
}

function Threshold({ form, onChange, faults }: PolicyFieldsProps): ReactNode {
  const t = useStore(messages);
  const at = (field: string): string | undefined => faultAt(faults, `/policy/failureThreshold/${field}`);
  return (
    <div className={classes.row}>
      <NumberField
        label={t.thresholdPercent}
        value={form.thresholdPercent}
        onChange={(thresholdPercent) => onChange({ thresholdPercent })}
        placeholder="5"
        error={at('percent')}
      />
      <NumberField
        label={t.minSample}
        value={form.minSample}
        onChange={(minSample) => onChange({ minSample })}
        placeholder="20"
        error={at('minSample')}
      />
      <NativeSelect
        size="xs"
        label={t.thresholdAction}
        value={form.thresholdAction}
        onChange={(event) => onChange({ thresholdAction: event.currentTarget.value as FailureAction })}
        data={[
          { value: 'pause', label: t.actionPause },
          { value: 'abort', label: t.actionAbort },
          { value: 'roll-back', label: t.actionRollBack },
        ]}
      />
      <Checkbox
        className={classes.check}
        label={t.countTimeouts}
        checked={form.countTimeouts}
        onChange={(event) => onChange({ countTimeouts: event.currentTarget.checked })}
      />
    </div>
  );
}

function Times({ form, onChange, faults }: PolicyFieldsProps): ReactNode {
  const t = useStore(messages);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <div className={classes.row}>
      {(['startAt', 'endAt'] as const).map((field) => (
        <TextInput
          key={field}
          size="xs"
          type="datetime-local"
          className={classes.moment}
          label={t[field]}
          description={t.yourTime({ zone })}
          value={form[field]}
          onChange={(event) => onChange({ [field]: event.currentTarget.value })}
          error={faultAt(faults, `/policy/${field}`)}
        />
      ))}
    </div>
  );
}
