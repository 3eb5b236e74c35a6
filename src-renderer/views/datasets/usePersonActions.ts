import { Ban, Images, Pencil, RotateCcw, Tag } from '@lucide/vue';
import type { DatasetDetails, DatasetPerson } from '../../../src-shared/answers/datasetAnswers.ts';
import { formatPlural } from '../../components/format.ts';
import type { MenuEntry } from '../../components/menuEntry.ts';
import { commonTags } from './commonTags.ts';
import { useDatasetEdits, type DatasetEditing } from './useDatasetEdits.ts';

type People = readonly DatasetPerson[];
const namesOf = (people: People): string[] => people.map(({ identity }) => identity);

export const isExcluded = ({ images, excluded }: DatasetPerson): boolean => images === excluded;

/** What can be done with people of a dataset. `show` shows the pictures of one. */
export function usePersonActions(
  details: () => Pick<DatasetDetails, 'hash' | 'persons'>,
  show: (person: DatasetPerson) => void,
  edits: DatasetEditing = useDatasetEdits(() => details().hash),
) {
  const exclude = (people: People, excluded: boolean): void => edits.exclude({ people: namesOf(people) }, excluded);
  const rename = ({ identity }: DatasetPerson): void => edits.renamePerson(identity, namesOf(details().persons));
  const tag = (people: People): void => {
    const of = people.length === 1 ? people[0]!.identity : formatPlural(people.length, ['person', 'people']);
    edits.tag({ people: namesOf(people) }, { of, tags: commonTags(people) });
  };
  /** The menu of people; of one, with what is done by the keys of `PeopleList`, where those work. */
  const menuOf = (people: People, { hasKeys }: { readonly hasKeys: boolean }): readonly MenuEntry[] => {
    const [person] = people;
    if (person === undefined) return [];
    const many = people.length > 1 ? ` ${formatPlural(people.length, ['person', 'people'])}` : '';
    const keys = (key: string) => (hasKeys ? { keys: key } : {});
    const ofOne = (entry: MenuEntry): readonly MenuEntry[] => (many === '' ? [entry] : []);
    return [
      ...ofOne({ label: 'Show the pictures', icon: Images, run: () => show(person) }),
      ...(people.every(isExcluded)
        ? []
        : [{ label: `Exclude${many}`, icon: Ban, ...keys('Delete'), run: () => exclude(people, true) }]),
      ...(people.some(({ excluded }) => excluded > 0)
        ? [{ label: `Include${many} again`, icon: RotateCcw, run: () => exclude(people, false) }]
        : []),
      ...ofOne({ label: 'Rename…', icon: Pencil, ...keys('F2'), run: () => rename(person) }),
      { label: 'Tags…', icon: Tag, run: () => tag(people) },
    ];
  };
  return { exclude, rename, tag, menuOf };
}
