/** How something went, as a sign and in words. */
import { Icon, type IconName } from '../icons.js';
import type { Tone } from './passes.js';

const TONE_ICONS: Readonly<Record<Tone, IconName>> = { good: 'pass', info: 'info', warning: 'warning', error: 'error' };

const TONE_WORDS: Readonly<Record<Tone, string>> = {
  good: 'as it should be',
  info: 'remark',
  warning: 'warning',
  error: 'error',
};

export const ToneIcon = ({ tone }: { readonly tone: Tone }) => (
  <Icon name={TONE_ICONS[tone]} label={TONE_WORDS[tone]} class={`tone tone-${tone}`} />
);
