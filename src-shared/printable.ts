/** Text as one line that moves no cursor and turns no writing around: control characters, lone surrogates, marks of lines and direction, and what no XML may hold become U+FFFD. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/gu, '\ufffd');
