import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { messages } from './en.ts';
import { faultAt } from './faults.ts';
import { ActionField, CheckField, ChoiceField, NumberField, partsOf, TextField } from './fields.tsx';
import { MaintenanceFields } from './maintenance-fields.tsx';
import type { PolicyFieldsProps } from './policy-fields-props.ts';
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
        <CheckField label={t.fourEyes} {...partsOf(form, onChange)('fourEyes')} />
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
  const part = partsOf(form, onChange);
  const at = (field: string): string | undefined => faultAt(faults, `/policy/rate/${field}`);
  return (
    <div className={classes.row}>
      <NumberField
        label={t.perMinute}
        {...part('perMinute')}
        placeholder={t.noLimit}
        error={at('perMinute') ?? faultAt(faults, '/policy/rate')}
      />
      <NumberField
        label={t.growthFactor}
        {...part('growthFactor')}
        placeholder="1"
        error={at('growthFactor')}
      />
      <NumberField label={t.growEvery} {...part('growEvery')} placeholder="100" error={at('growEvery')} />
      <NumberField
        label={t.maxPerMinute}
        {...part('maxPerMinute')}
        placeholder={t.noLimit}
        error={at('maxPerMinute')}
      />
      <ChoiceField
        label={t.order}
        {...part('order')}
        choices={{ given: t.orderGiven, random: t.orderRandom, site: t.orderSite }}
      />
    </div>
  );
}

function Failures({ form, onChange, faults }: PolicyFieldsProps): ReactNode {
  const t = useStore(messages);
  const part = partsOf(form, onChange);
  const at = (field: string): string | undefined => faultAt(faults, `/policy/retry/${field}`);
  return (
    <>
      <CheckField label={t.threshold} {...part('threshold')} />
      {form.threshold && <Threshold form={form} onChange={onChange} faults={faults} />}
      <div className={classes.row}>
        <NumberField label={t.attempts} {...part('attempts')} placeholder="1" error={at('attempts')} />
        <NumberField
          label={t.backoffMinutes}
          {...part('backoffMinutes')}
          placeholder="5"
          error={at('backoffSeconds')}
        />
        <NumberField
          label={t.backoffFactor}
          {...part('backoffFactor')}
          placeholder="2"
          error={at('backoffFactor')}
        />
      </div>
      <CheckField label={t.rollBackFailed} {...part('rollBack')} />
    </>
  );
}

function Threshold({ form, onChange, faults }: PolicyFieldsProps): ReactNode {
  const t = useStore(messages);
  const part = partsOf(form, onChange);
  const at = (field: string): string | undefined => faultAt(faults, `/policy/failureThreshold/${field}`);
  return (
    <div className={classes.row}>
      <NumberField
        label={t.thresholdPercent}
        {...part('thresholdPercent')}
        placeholder="5"
        error={at('percent')}
      />
      <NumberField label={t.minSample} {...part('minSample')} placeholder="20" error={at('minSample')} />
      <ActionField label={t.thresholdAction} {...part('thresholdAction')} />
      <CheckField label={t.countTimeouts} {...part('countTimeouts')} className={classes.check} />
    </div>
  );
}

function Times({ form, onChange, faults }: PolicyFieldsProps): ReactNode {
  const t = useStore(messages);
  const part = partsOf(form, onChange);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <div className={classes.row}>
      {(['startAt', 'endAt'] as const).map((field) => (
        <TextField
          key={field}
          type="datetime-local"
          className={classes.moment}
          label={t[field]}
          description={t.yourTime({ zone })}
          {...part(field)}
          error={faultAt(faults, `/policy/${field}`)}
        />
      ))}
    </div>
  );
}
