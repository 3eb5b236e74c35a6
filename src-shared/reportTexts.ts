import en from '../resources/report/en.json' with { type: 'json' };
import ru from '../resources/report/ru.json' with { type: 'json' };

export type Language = 'en' | 'ru';
export type TextKey = keyof typeof en;
/** The keys of all texts. */
export const reportTextKeys: ReadonlySet<string> = new Set(Object.keys(en));
export type TextValues = Readonly<Record<string, string | number>>;

const templates: Readonly<Record<Language, Readonly<Record<TextKey, string>>>> = { en, ru };
// The order of a template's forms: {images|# image|# images}, {images|# изображение|# изображения|# изображений}.
const forms: Readonly<Record<Language, readonly Intl.LDMLPluralRule[]>> = {
  en: ['one', 'other'],
  ru: ['one', 'few', 'many'],
};

/** The words of a report in one language. */
export interface Texts {
  /**
   * The text of a key with its values: {name} stands for a value, {name|# image|# images} for the form that a count
   * asks for, with # for the count.
   */
  say(key: TextKey, values?: TextValues): string;
  /** A number with this many decimals, a true minus and the language's decimal sign. */
  decimal(value: number, decimals: number): string;
  /** A whole number, its thousands set apart. */
  count(value: number): string;
  /** A number with three significant digits. */
  short(value: number): string;
  percent(share: number): string;
  list(items: readonly string[]): string;
}

const thousands = new Intl.NumberFormat('en-US'); // 1,234,567

/** The texts of a language; numbers are written the same on every machine. */
export function reportTexts(language: Language): Texts {
  const rules = new Intl.PluralRules(language);
  const localised = (number: string) => (language === 'ru' ? number.replace('.', ',') : number).replace('-', '−');
  const grouped = (value: number) =>
    localised(
      Number.isInteger(value) && Math.abs(value) >= 1000
        ? thousands.format(value).replaceAll(',', language === 'ru' ? '\u00a0' : ',')
        : String(value),
    );
  const written = (value: string | number | undefined) => (typeof value === 'number' ? grouped(value) : (value ?? ''));
  const texts: Texts = {
    say: (key, values = {}) =>
      templates[language][key].replace(
        /\{(\w+)(?:\|([^{}]*))?\}/g,
        (_whole, name: string, options: string | undefined) => {
          const value = values[name];
          if (options === undefined) return written(value);
          const given = options.split('|');
          return (given[forms[language].indexOf(rules.select(Number(value)))] ?? given.at(-1) ?? '').replace(
            '#',
            written(value),
          );
        },
      ),
    decimal: (value, decimals) =>
      localised((Object.is(Number(value.toFixed(decimals)), -0) ? 0 : value).toFixed(decimals)),
    count: grouped,
    short: (value) => grouped(Number(value.toPrecision(3))),
    percent: (share) => `${texts.decimal(100 * share, 1)} %`,
    list: (items) =>
      items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} ${templates[language].and} ${items.at(-1)}`,
  };
  return texts;
}
