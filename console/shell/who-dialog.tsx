import { Button } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { useState, type FormEvent, type ReactNode } from 'react';
import { Dialog } from '../components/dialog.tsx';
import { NameInput } from '../components/name-input.tsx';
import { shared } from '../i18n/en.ts';
import { $actor, isName, sayWhoYouAre } from '../state/actor.ts';
import classes from './who-dialog.module.css';

/** Takes the name of who uses the console, or another one. */
export default function WhoDialog({ onClose }: { onClose: () => void }): ReactNode {
  const t = useStore(shared);
  const [name, setName] = useState($actor.get());
  const [faulty, setFaulty] = useState(false);
  const save = (event: FormEvent): void => {
    event.preventDefault();
    setFaulty(!isName(name));
    if (!isName(name)) return;
    sayWhoYouAre(name);
    onClose();
  };
  return (
    <Dialog opened title={t.whoAreYou} onClose={onClose}>
      <form noValidate onSubmit={save} className={classes.form}>
        <NameInput value={name} onChange={setName} faulty={faulty} />
        <Button type="submit">{t.save}</Button>
      </form>
    </Dialog>
  );
}
