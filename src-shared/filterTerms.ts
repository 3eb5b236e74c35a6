const operators = ['>=', '<=', '!=', '>', '<', '='] as const;
export type FilterOperator = (typeof operators)[number];

/** One word of a filter, or a condition such as accuracy > 0.94. */
export type FilterTerm =
  { readonly word: string } | { readonly name: string; readonly operator: FilterOperator; readonly value: string };
export type FilterCondition = Extract<FilterTerm, { readonly name: string }>;

/** Reads a filter in lower case: words, and conditions with or without blanks around their operators. */
export function readFilter(text: string): readonly FilterTerm[] {
  const pieces = text.toLowerCase().split(/\s+/).filter(Boolean).flatMap(piecesOf);
  const terms: FilterTerm[] = [];
  for (let at = 0; at < pieces.length; at++) {
    const piece = pieces[at]!;
    const operator = asOperator(pieces[at + 1]);
    const value = pieces[at + 2];
    if (asOperator(piece) === null && operator !== null && value !== undefined) {
      terms.push({ name: piece, operator, value });
      at += 2;
    } else if (asOperator(piece) === null) terms.push({ word: piece });
  }
  return terms;
}
const asOperator = (piece: string | undefined): FilterOperator | null =>
  operators.find((operator) => operator === piece) ?? null;
/** 'accuracy>0.94' as its three pieces. */
function piecesOf(word: string): string[] {
  const found = operators.map((operator) => ({ operator, at: word.indexOf(operator) })).filter(({ at }) => at !== -1);
  const first = found.sort((a, b) => a.at - b.at || b.operator.length - a.operator.length)[0];
  if (first === undefined) return [word];
  return [word.slice(0, first.at), first.operator, word.slice(first.at + first.operator.length)].filter(Boolean);
}

/** Whether a number stands to another as an operator says. */
export function holds(own: number, operator: FilterOperator, value: number): boolean {
  switch (operator) {
    case '>':
      return own > value;
    case '>=':
      return own >= value;
    case '<':
      return own < value;
    case '<=':
      return own <= value;
    case '=':
      return own === value;
    case '!=':
      return own !== value;
  }
}
