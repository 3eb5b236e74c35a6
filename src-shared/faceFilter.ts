import { ArcBenchError } from './errors.ts';
import { holds, readFilter, type FilterCondition, type FilterTerm } from './filterTerms.ts';
import { nearestName } from './nearestName.ts';

/** What a filter of pictures looks at. */
export interface FilteredPicture {
  readonly identity: string;
  readonly name: string;
  /** Tags of the picture and of its person. */
  readonly tags: readonly string[];
  /** How many pictures its person has. */
  readonly images: number;
  readonly width: number | null;
  readonly height: number | null;
  /** How many faces the detector found; null if it did not look. */
  readonly faces: number | null;
  readonly excluded: boolean;
  readonly corrected: boolean;
}

const numbers = ['images', 'width', 'height', 'faces'] as const;
const flags = ['excluded', 'corrected'] as const;
/** The names that conditions of the filter may have. */
export const faceFilterNames = [...numbers, 'tag', ...flags, 'person'] as const;

/**
 * Whether a picture fits a filter such as 'images < 5 tag = blurred': words of the person's name or the file, and
 * conditions, all of which must hold. Throws 'wrong-input' for a condition that it does not know.
 */
export function faceFilter(text: string): (picture: FilteredPicture) => boolean {
  const tests = readFilter(text).map(testOf);
  return (picture) => tests.every((test) => test(picture));
}

type Test = (picture: FilteredPicture) => boolean;

function testOf(term: FilterTerm): Test {
  if ('word' in term) {
    const flag = flags.find((name) => name === term.word);
    if (flag !== undefined) return (picture) => picture[flag];
    return ({ identity, name }) => `${identity} ${name}`.toLowerCase().includes(term.word);
  }
  const number = numbers.find((name) => name === term.name);
  if (number !== undefined) return numberTest(number, term);
  const flag = flags.find((name) => name === term.name);
  if (flag !== undefined) return flagTest(flag, term);
  if (term.name === 'tag') return equalityTest(term, ({ tags }) => tags);
  if (term.name === 'person') return equalityTest(term, ({ identity }) => [identity]);
  const nearest = nearestName(term.name, faceFilterNames);
  throw new ArcBenchError(
    'wrong-input',
    `The filter does not know “${term.name}”${nearest === null ? '' : `; did you mean ${nearest}?`} It knows ` +
      `${faceFilterNames.slice(0, -1).join(', ')} and ${faceFilterNames.at(-1)}.`,
  );
}

function numberTest(name: (typeof numbers)[number], { operator, value }: FilterCondition): Test {
  const number = Number(value);
  if (!Number.isFinite(number))
    throw new ArcBenchError('wrong-input', `${name} is a number: “${value}” was given; write ${name} ${operator} 5.`);
  return (picture) => {
    const own = picture[name];
    return own !== null && holds(own, operator, number);
  };
}

function flagTest(name: (typeof flags)[number], { operator, value }: FilterCondition): Test {
  if (!/^(yes|no)$/.test(value) || !/^!?=$/.test(operator))
    throw new ArcBenchError('wrong-input', `${name} is yes or no: write ${name}, or ${name} = no.`);
  const wanted = (value === 'yes') === (operator === '=');
  return (picture) => picture[name] === wanted;
}

function equalityTest(
  { name, operator, value }: FilterCondition,
  valuesOf: (picture: FilteredPicture) => readonly string[],
): Test {
  if (!/^!?=$/.test(operator))
    throw new ArcBenchError('wrong-input', `${name} can only be compared by = or !=: write ${name} = ${value}.`);
  return (picture) => valuesOf(picture).some((own) => own.toLowerCase() === value) === (operator === '=');
}
