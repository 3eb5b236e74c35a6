import type { ReportSummary } from './answers/reportAnswers.ts';

/**
 * Address of a picture below a door's root: `original` as it was imported, `face` as the network sees it (of a prepared
 * set).
 */
export const pictureAddress = (
  picture:
    | { readonly kind: 'original'; readonly dataset: string; readonly index: number; readonly side: number }
    | { readonly kind: 'face'; readonly prepared: string; readonly index: number },
): string =>
  picture.kind === 'original'
    ? `pictures/original/${picture.dataset}/${picture.index}?side=${picture.side}`
    : `pictures/face/${picture.prepared}/${picture.index}`;
/**
 * Address of a file of a report below a door's root: another one when the report is written again, as a browser keeps a
 * picture by its address.
 */
export const reportAddress = ({ id, writtenAt }: ReportSummary, file: string): string =>
  `reports/${id}/${encodeURIComponent(file)}?written=${encodeURIComponent(writtenAt)}`;
/** Address of a report's folder as a ZIP archive. */
export const reportArchiveAddress = (id: string): string => `reports/${id}.zip`;
/** Address of the export of a run as a ZIP archive. */
export const runArchiveAddress = (id: string): string => `runs/${id}.zip`;
