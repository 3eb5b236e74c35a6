// The program of the embedder's process: it keeps the networks of a few runs loaded, and embeds faces.
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { explainNoCuda } from '../../engine/explainNoCuda.ts';
import { describeEngine } from '../../engine/tensorflow.ts';
import { outliveReaders } from '../../files/outliveReaders.ts';
import type { EmbedAnswer, EmbeddedModel, EmbedRequest } from './embedderMessages.ts';
import { loadRunEmbedding, type RunEmbedding } from './runEmbedding.ts';

const mostLoaded = 3;
const loaded = new Map<string, RunEmbedding>(); // least recently used first

function embeddingOf(model: EmbeddedModel): RunEmbedding {
  if (process.argv[2] === 'cuda' && describeEngine().device !== 'cuda')
    throw new ArcBenchError('wrong-input', explainNoCuda());
  const embedding = loaded.get(model.key) ?? loadRunEmbedding(model);
  loaded.delete(model.key);
  loaded.set(model.key, embedding);
  for (const [key, oldest] of [...loaded].slice(0, -mostLoaded)) {
    loaded.delete(key);
    oldest.dispose();
  }
  return embedding;
}

function answerOf({ id, model, pixels }: EmbedRequest): EmbedAnswer {
  try {
    return { id, units: embeddingOf(model).embed(pixels) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof ArcBenchError) return { id, code: error.code, message };
    return { id, code: 'failed', message: `The faces could not be embedded (${message}): try again.` };
  }
}

// Ctrl-C and the end of a terminal reach the workbench too, which ends this process.
process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);
outliveReaders();
process.on('disconnect', () => process.exit());
process.on('message', (request: EmbedRequest) => {
  process.send?.(answerOf(request));
});
