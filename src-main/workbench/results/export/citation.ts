import { stringify } from 'yaml';
import packageJson from '../../../../package.json' with { type: 'json' };
import { describeLoss } from '../../../../src-shared/losses.ts';
import type { ExportedRun } from './exportedRun.ts';

/** arXiv numbers in a text such as 'arXiv 1801.07698, equation 3'. */
const arXivNumbers = (text: string): string[] => [...text.matchAll(/arXiv (\d{4}\.\d{4,5})/g)].map(([, id]) => id!);

/** CITATION.cff of an exported run: ArcBench, and the papers of its loss. */
export function citation({ arm }: ExportedRun): string {
  const { title, paper } = describeLoss(arm.loss);
  const references = arXivNumbers(paper).map((id) => ({
    type: 'article',
    title: `The paper of ${title} (arXiv ${id})`,
    authors: [{ name: `The authors of arXiv ${id}` }],
    url: `https://arxiv.org/abs/${id}`,
  }));
  return stringify({
    'cff-version': '1.2.0',
    message: 'This model was trained with ArcBench. If you use it in your research, please cite ArcBench as below.',
    type: 'software',
    title: 'ArcBench',
    authors: [{ name: packageJson.author }],
    version: packageJson.version,
    license: packageJson.license,
    ...(references.length > 0 && { references }),
  });
}
