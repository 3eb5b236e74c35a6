import { onScopeDispose, ReactiveEffect, shallowRef, watch, type ShallowRef } from 'vue';

const waiting: (() => void)[] = [];
let atWork = false;
function next(): void {
  const draw = waiting.shift();
  atWork = draw !== undefined;
  if (!draw) return;
  // What was made is put on the screen with the next frame: another's turn comes behind it.
  requestAnimationFrame(() => setTimeout(next));
  draw();
}

/**
 * A function that asks for a turn of one's own; asked for again before it came, it comes once, and not at all where its
 * component is gone.
 */
function turnsOf(draw: () => void): () => void {
  let asked = false;
  let ended = false;
  onScopeDispose(() => {
    ended = true;
  });
  return () => {
    if (asked) return;
    asked = true;
    waiting.push(() => {
      asked = false;
      if (!ended) draw();
    });
    if (atWork) return;
    atWork = true;
    setTimeout(next);
  };
}

/**
 * What a chart shows, made anew in its turn whenever something of it changes: charts that change at once are drawn one
 * a frame, and the page answers between two. Null until its first turn.
 */
export function drawnInTurn<Drawing>(make: () => Drawing): Readonly<ShallowRef<Drawing | null>> {
  const made = shallowRef<Drawing | null>(null);
  const making = new ReactiveEffect(() => {
    made.value = make();
  });
  const ask = turnsOf(() => making.run());
  making.scheduler = ask;
  ask();
  return made;
}

/** Draws a value's changes in turns, the last alone where several came before it. */
export function followedInTurn<Value>(value: () => Value, draw: (now: Value, before: Value) => void): void {
  let before = value();
  watch(
    value,
    turnsOf(() => {
      const now = value();
      if (now !== before) draw(now, before);
      before = now;
    }),
  );
}
