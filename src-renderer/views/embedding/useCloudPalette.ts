import { computed } from 'vue';
import { useTheme } from '../../stores/theme.ts';
import { rgbOf, type Palette } from './cloudColours.ts';

export const cssVariable = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** The theme's colours as numbers, for WebGL. */
export function useCloudPalette() {
  const theme = useTheme();
  const palette = computed((): Palette => ({ dark: theme.dark, of: (name) => rgbOf(cssVariable(name)) }));
  return {
    palette,
    background: computed(() => palette.value.of('panel')),
    ink: computed(() => palette.value.of('ink')),
  };
}
