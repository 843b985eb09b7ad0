/** The kit's settings; its colours are in tokens.css. */
import {
  createTheme,
  localStorageColorSchemeManager,
  type MantineColorsTuple,
  type MantineColorSchemeManager,
} from '@mantine/core';

/** The script in index.html reads the same, before anything is drawn. */
export const schemeManager: MantineColorSchemeManager = localStorageColorSchemeManager({ key: 'tpe-scheme' });

/** The kit wants ten shades, of which it only uses the names: what they are is in tokens.css. */
const shades = (name: string): MantineColorsTuple =>
  Array.from({ length: 10 }, () => `var(--mantine-color-${name}-filled)`) as unknown as MantineColorsTuple;

export const theme = createTheme({
  primaryColor: 'brand',
  colors: { brand: shades('brand'), danger: shades('danger') },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'sm' } },
  },
});
