import { createHash } from 'node:crypto';
import type { ExportedRun } from './exportedRun.ts';
import { splitColumns, type ExportedSplit } from './exportedSplit.ts';

/** The context of Croissant 1.0, as its specification has it. */
const context = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  citeAs: 'cr:citeAs',
  column: 'cr:column',
  conformsTo: 'dct:conformsTo',
  cr: 'http://mlcommons.org/croissant/',
  rai: 'http://mlcommons.org/croissant/RAI/',
  data: { '@id': 'cr:data', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  dct: 'http://purl.org/dc/terms/',
  examples: { '@id': 'cr:examples', '@type': '@json' },
  extract: 'cr:extract',
  field: 'cr:field',
  fileProperty: 'cr:fileProperty',
  fileObject: 'cr:fileObject',
  fileSet: 'cr:fileSet',
  format: 'cr:format',
  includes: 'cr:includes',
  isLiveDataset: 'cr:isLiveDataset',
  jsonPath: 'cr:jsonPath',
  key: 'cr:key',
  md5: 'cr:md5',
  parentField: 'cr:parentField',
  path: 'cr:path',
  recordSet: 'cr:recordSet',
  references: 'cr:references',
  regex: 'cr:regex',
  repeated: 'cr:repeated',
  replace: 'cr:replace',
  sc: 'https://schema.org/',
  separator: 'cr:separator',
  source: 'cr:source',
  subField: 'cr:subField',
  transform: 'cr:transform',
};

/**
 * The split of a run in Croissant's JSON-LD (version 1.0): split.csv beside it, with a field for each column. The
 * pictures are not part of it. A licence is only in it where the experiment states one.
 */
export function croissant({ run, plan }: ExportedRun, split: ExportedSplit, csv: string): string {
  const { licence } = plan.data;
  const counts = split.parts.map(({ part, people, images }) => `${part}: ${images} images of ${people} people`);
  const dataset = {
    '@context': context,
    '@type': 'sc:Dataset',
    conformsTo: 'http://mlcommons.org/croissant/1.0',
    name: `split-${split.hash.slice(0, 16)}`,
    description:
      `Which face picture is in which part, for the experiment ${run.experiment}. ${counts.join('; ')}. ` +
      'The pictures are not part of this dataset.',
    ...(licence !== undefined && { license: licence }),
    version: '1.0.0',
    'rai:personalSensitiveInformation':
      'Names of people and of pictures of their faces. Faces are biometric data: check what the law and the licence ' +
      'of the pictures allow before you share this file.',
    distribution: [
      {
        '@type': 'cr:FileObject',
        '@id': 'split.csv',
        name: 'split.csv',
        contentUrl: 'split.csv',
        encodingFormat: 'text/csv',
        sha256: createHash('sha256').update(csv).digest('hex'),
      },
    ],
    recordSet: [
      {
        '@type': 'cr:RecordSet',
        '@id': 'pictures',
        name: 'pictures',
        field: Object.entries(splitColumns).map(([column, description]) => ({
          '@type': 'cr:Field',
          '@id': `pictures/${column}`,
          name: column,
          description,
          dataType: 'sc:Text',
          source: { fileObject: { '@id': 'split.csv' }, extract: { column } },
        })),
      },
    ],
  };
  return `${JSON.stringify(dataset, null, 2)}\n`;
}
