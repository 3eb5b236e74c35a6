/** What a page asks for: a permission of Chromium, with the kinds of media where it is about media. */
export interface PermissionAsked {
  readonly permission: string;
  readonly media: readonly string[];
  /** The address of the page that asks. */
  readonly page: string;
}

/** Whether a page asks for the camera, for nothing beside it, and from the view Try. */
export const asksForCamera = ({ permission, media, page }: PermissionAsked): boolean =>
  permission === 'media' &&
  media.length > 0 &&
  media.every((kind) => kind === 'video') &&
  URL.canParse(page) &&
  /^#\/try(?:$|[/?])/.test(new URL(page).hash);
