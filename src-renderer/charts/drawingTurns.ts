import { onScopeDispose, ReactiveEffect, shallowRef, type ShallowRef } from 'vue';

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

/** What a chart shows, made anew in its turn whenever something of it changes: charts that change at once are drawn one a frame, and the page answers between two. Null until its first turn. */
export function drawnInTurn<Drawing>(make: () => Drawing): Readonly<ShallowRef<Drawing | null>> {
  const made = shallowRef<Drawing | null>(null);
  let [asked, ended] = [false, false];
  const making = new ReactiveEffect(() => { made.value = make(); });
  const ask = (): void => {
    if (asked) return;
    asked = true;
    waiting.push(() => {
      asked = false;
      if (!ended) making.run();
    });
    if (!atWork) {
      atWork = true;
      setTimeout(next);
    }
  };
  making.scheduler = ask;
  onScopeDispose(() => { ended = true; });
  ask();
  return made;
}
