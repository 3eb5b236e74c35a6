import type { Component } from 'vue';

/**
 * One entry of a menu. 'separator' is a line, a heading labels the entries below it. An entry with `checked` is a
 * checkbox, and choosing it keeps the menu open.
 */
export type MenuEntry =
  | 'separator'
  | { readonly heading: string }
  | {
      readonly label: string;
      readonly icon?: Component;
      readonly keys?: string;
      readonly disabled?: boolean;
      readonly danger?: boolean;
      readonly checked?: boolean;
      readonly run: () => void;
    };
