import { onScopeDispose, ReactiveEffect, shallowRef, watch, type ShallowRef } from 'vue';

const waiting: (() => void)[] = [];
let atWork = false;
function next(): void {
  const draw = waiting.shift();
  atWork = draw !== undefined;
  if (!draw) return;
  // The browser shows the drawing with its next frame; the next turn comes after that.
  requestAnimationFrame(() => setTimeout(next));
  draw();
}

/**
 * Returns a function that requests a turn to draw. Several requests before the turn count once; a component that is
 * gone gets no turn.
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
 * What a chart shows, computed again in its turn whenever it changes. Charts that change together are drawn one per
 * frame, so that the page stays responsive. null until the first turn.
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

/** Draws the changes of a value in turns. Of several changes before a turn, only the last is drawn. */
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
