/** Control characters, lone surrogates, marks of lines and direction, and what no XML may hold. */
export const unprintable = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/gu;

/** Text as one line that moves no cursor and turns no writing around: what is unprintable becomes U+FFFD. */
export const printable = (text: string): string => text.replace(unprintable, '\ufffd');

/** Lines of text, each printable. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');
