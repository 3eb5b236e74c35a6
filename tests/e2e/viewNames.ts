/** What a picture of a view is taken of. */
export const workspaceKinds = ['empty', 'normal', 'huge'] as const;
export type WorkspaceKind = (typeof workspaceKinds)[number];
export const sizes = ['1280x800', '1024x700', '1600x1000'] as const;
export const themes = ['light', 'dark'] as const;
export type Theme = (typeof themes)[number];
export const views = [
  'datasets',
  'split',
  'experiment',
  'live',
  'runs',
  'embedding',
  'try',
  'report',
  'settings',
] as const;
export type View = (typeof views)[number];

/** The name of a kept picture, without its ending. */
export const pictureName = ({
  kind,
  view,
  size,
  theme,
}: {
  readonly kind: WorkspaceKind;
  readonly view: View;
  readonly size: (typeof sizes)[number];
  readonly theme: Theme;
}): string => `${kind}-${view}-${size}-${theme}`;
