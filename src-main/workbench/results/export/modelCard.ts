import { stringify } from 'yaml';
import { noParent, shownStart, startInWords } from '../../../../src-shared/ancestry.ts';
import { describeLoss } from '../../../../src-shared/losses.ts';
import { code, escapeMarkdown, paragraphs, table } from '../../../report/markdown.ts';
import { cardMetrics, type CardMetric } from './cardMetrics.ts';
import { carriedRates, type ExportedRun } from './exportedRun.ts';
import type { ExportedSplit } from './exportedSplit.ts';

/**
 * The model card of an exported run: README.md with the front matter of Hugging Face, and the headings of Mitchell et
 * al. 2019. It states what the store knows; what only the user can know, such as the licence of the model, is left out.
 */
export function modelCard(exported: ExportedRun, split: ExportedSplit | null): string {
  return `---\n${stringify(frontMatter(exported))}---\n\n${paragraphs([
    ...detailsPart(exported),
    ...usePart(),
    ...dataPart(exported, split),
    ...evaluationPart(exported),
    ...limitsPart(exported),
    ...howToPart(exported),
  ])}\n`;
}

function frontMatter(exported: ExportedRun): object {
  const { run, plan } = exported;
  const metrics = cardMetrics(exported);
  return {
    pipeline_tag: 'image-feature-extraction',
    library_name: 'onnx',
    tags: ['face-recognition', 'arcbench', exported.arm.loss.name, plan.model.backbone],
    ...(plan.data.licence !== undefined && { data_licence: plan.data.licence }),
    ...(metrics.length > 0 && {
      'model-index': [
        {
          name: `${run.experiment}: ${run.arm}, seed ${run.seed}`,
          results: [
            {
              task: { type: 'image-feature-extraction', name: 'Face recognition' },
              dataset: {
                type: 'private',
                name: `split ${run.splitHash.slice(0, 16)}`,
                split: 'test, query, distractors',
              },
              metrics: metrics.map(({ type, name, value }) => ({ type, name, value })),
            },
          ],
        },
      ],
    }),
  };
}

function detailsPart({ run, plan, arm, summary, alignment, ancestry = null }: ExportedRun): string[] {
  const { title, formula, paper } = describeLoss(arm.loss);
  const { model, prepare, training } = plan;
  const trained = summary
    ? `It trained for ${summary.epochs} epochs; the weights are those of epoch ${summary.bestEpoch}, the best on val.`
    : `It was planned to train for ${training.epochs} epochs.`;
  return [
    `# ${escapeMarkdown(`${run.experiment}: ${run.arm}, seed ${run.seed}`)}`,
    'A face recognition model that ArcBench trained in a comparison of losses. It turns a picture of a face into an ' +
      'embedding. Pictures of one person should have similar embeddings.',
    '## Model details',
    table(
      ['', ''],
      [
        ['Backbone', `${model.backbone}, initial weights: ${code(startOf(model))}`],
        ...(ancestry === null ? [] : [['Start', escapeMarkdown(startInWords(ancestry))]]),
        ['Embedding', `${model.embeddingSize} numbers`],
        ['Input', `${prepare.inputSize} × ${prepare.inputSize} pixels, RGB, aligned by: ${escapeMarkdown(alignment)}`],
        ['Loss', `${escapeMarkdown(title)}: ${code(formula)}${paper === '-' ? '' : ` (${escapeMarkdown(paper)})`}`],
        ['Plan', code(run.planHash)],
        ['Run', `${code(run.id)}, begun ${run.createdAt}`],
      ],
    ),
    `${trained} experiment.yaml has every setting.`,
  ];
}

const startOf = ({ from, weights }: ExportedRun['plan']['model']): string =>
  from === noParent ? weights : shownStart(from);

const usePart = (): string[] => [
  '## Intended use',
  'Research on face recognition and on losses: to repeat the comparison, to study the embeddings, or as a start for ' +
    'further training.',
  '## Out of scope',
  'Do not use this model for surveillance, to identify people who have not agreed to it, or for any decision about ' +
    'a person, such as access, employment or policing. It was evaluated on the data below and on nothing else.',
];

function dataPart({ plan, run }: ExportedRun, split: ExportedSplit | null): string[] {
  return [
    '## Data',
    plan.data.source === 'demo'
      ? 'Synthetic faces that ArcBench drew. No real person is on them.'
      : 'Pictures of faces that the author of the experiment supplied. They are not part of this export.',
    licenceSentence(plan.data),
    split
      ? table(
          ['Part', 'People', 'Images', 'Used for'],
          split.parts.map(({ part, people, images }) => [part, String(people), String(images), usedFor[part]]),
        )
      : `The folders of the split ${code(run.splitHash.slice(0, 16))} are not in the workspace any more.`,
    split ? partsSentence(split) : '',
  ];
}

function licenceSentence({ licence, source }: ExportedRun['plan']['data']): string {
  if (licence !== undefined)
    return `Licence of the pictures, as the author of the experiment states it: ${escapeMarkdown(licence)}.`;
  if (source === 'demo') return '';
  return 'The experiment does not state the licence of the pictures. Ask its author before you share this model.';
}

function partsSentence({ givenBy, seed }: ExportedSplit): string {
  const origin = givenBy === undefined ? `drawn with seed ${seed}` : `given by ${escapeMarkdown(givenBy)}`;
  return `The parts are ${origin}. split.csv lists every picture with its SHA-256; croissant.json describes that file.`;
}

const usedFor = {
  train: 'training',
  val: 'choosing the epoch',
  test: 'accuracy on people from training',
  query: 'identification and verification of people who were not in training',
  distractors: 'faces of other people, as distractors',
} as const satisfies Record<ExportedSplit['parts'][number]['part'], string>;

function evaluationPart(exported: ExportedRun): string[] {
  const metrics = cardMetrics(exported);
  if (metrics.length === 0) return ['## Evaluation', 'This run has not been evaluated.'];
  const rates = carriedRates(exported);
  return [
    '## Evaluation',
    'Test, query and distractors were evaluated once, after training. Intervals cover 95 %. They speak of other ' +
      'pictures or people, not of other seeds: the report of the experiment compares seeds.',
    table(
      ['Metric', 'Value', '95 % interval', 'Measured on'],
      metrics.map((metric) => [escapeMarkdown(metric.name), share(metric.value), intervalOf(metric), metric.restsOn]),
    ),
    rates.length === 0
      ? ''
      : paragraphs([
          '### Thresholds',
          'Two pictures count as one person where the cosine of their embeddings is above the threshold. Each ' +
            'threshold lets the stated share of pairs of different people through on the query and distractors ' +
            'above. Other data need other thresholds.',
          table(
            ['False positive rate', 'Threshold', 'True positive rate', 'Different pairs above it'],
            rates.map(({ falsePositiveRate, threshold, truePositiveRate, allowedFalsePositives }) => [
              String(falsePositiveRate),
              threshold.toFixed(4),
              share(truePositiveRate),
              String(allowedFalsePositives),
            ]),
          ),
        ]),
  ];
}

const share = (value: number): string => value.toFixed(4);
const intervalOf = ({ interval }: CardMetric): string =>
  interval === null ? '—' : `${share(interval.low)} to ${share(interval.high)}`;

const limitsPart = ({ plan }: ExportedRun): string[] => [
  '## Limits and ethical considerations',
  [
    'Face recognition models make more mistakes on groups that are rare in their training data. This run was not ' +
      'evaluated by group.',
    'Faces are biometric data, and embeddings identify people. Keep both as safe as the pictures.',
    plan.data.source === 'demo' ? 'A model of drawn faces is of no use on photographs.' : '',
  ]
    .filter((sentence) => sentence !== '')
    .join(' '),
];

function howToPart({ plan }: ExportedRun): string[] {
  const { inputSize } = plan.prepare;
  const sum = plan.evaluation.flip
    ? '\nembedding = session.run(None, {"input": face})[0] + session.run(None, {"input": face[..., ::-1].copy()})[0]'
    : '\nembedding = session.run(None, {"input": face})[0]';
  return [
    '## How to use',
    '```python\nimport numpy as np, onnxruntime\n\n' +
      'session = onnxruntime.InferenceSession("model.onnx")\n' +
      `# pixels: RGB, aligned as in training, uint8 [${inputSize}, ${inputSize}, 3]\n` +
      'face = ((pixels.astype(np.float32) - 127.5) / 127.5).transpose(2, 0, 1)[None]' +
      `${sum}\nembedding /= np.linalg.norm(embedding)\n\`\`\``,
    '## Citation',
    'See CITATION.cff.',
  ];
}
