import { Option, type Command } from 'commander';
import { resolve } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { partNames } from '../../../src-shared/splitSchema.ts';
import { packRecords, type PackedPart } from '../../workbench/results/packRecords.ts';
import { packVerificationSet } from '../../workbench/results/packVerificationSet.ts';
import type { Session } from './session.ts';

interface PackChoice {
  readonly rec?: string;
  readonly bin?: string;
  readonly pairs?: string;
  readonly part?: PackedPart;
}

/** The command that writes prepared faces in insightface's formats. */
export function addPackCommand(program: Command, cli: Session): void {
  program
    .command('pack')
    .argument('<source>', 'an experiment file, or a folder, record file or CSV of faces with all defaults')
    .description('write prepared faces as insightface reads them: train.rec with its index, or a .bin of pairs')
    .option('--rec <folder>', 'write train.rec, train.idx and property into this new folder')
    .option('--bin <file>', 'write a verification set into this file; --pairs names its pairs')
    .option('--pairs <file>', "a list of pairs, such as LFW's pairs.txt")
    .addOption(
      new Option(
        '--part <name>',
        'with --rec: these pictures (default: train of an experiment, all of a folder)',
      ).choices(['all', ...partNames]),
    )
    .action(async (source: string, chosen: PackChoice) => {
      refuseUnclear(chosen);
      await cli.withExperiment(source, async (options) => {
        if (chosen.rec !== undefined) {
          const part = chosen.part ?? (/\.ya?ml$/i.test(source) ? 'train' : 'all');
          const packed = await packRecords(options, { folder: resolve(chosen.rec), part });
          const { images, people, inputSize, folder } = packed;
          cli.print(`${images} images of ${people} people, ${inputSize} x ${inputSize} pixels: ${folder}`, {
            ...packed,
            part,
          });
          return;
        }
        const packed = await packVerificationSet(options, {
          file: resolve(chosen.bin ?? ''),
          pairsFile: resolve(chosen.pairs ?? ''),
        });
        const { pairs, listed, genuine, file } = packed;
        cli.print(`${pairs} of ${listed} pairs (${genuine} of one person, ${pairs - genuine} of two): ${file}`, packed);
      });
    });
}

function refuseUnclear({ rec, bin, pairs, part }: PackChoice): void {
  const wrong = (what: string) => new ArcBenchError('wrong-input', `arcbench pack: ${what}.`);
  if (rec === undefined && bin === undefined)
    throw wrong('what to write was expected: --rec <folder>, or --bin <file> with --pairs <file>');
  if (rec !== undefined && bin !== undefined) throw wrong('--rec and --bin are two things: give one of them');
  if (bin !== undefined && pairs === undefined)
    throw wrong("--bin needs the list of its pairs: add --pairs <file>, such as LFW's pairs.txt");
  if (rec !== undefined && pairs !== undefined) throw wrong('--pairs belongs to --bin: leave it out with --rec');
  if (bin !== undefined && part !== undefined) throw wrong('--part belongs to --rec: leave it out with --bin');
}
