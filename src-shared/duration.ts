/** Seconds as '45 s', '3 min 05 s', '2 h 10 min'. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
}

const minute = 60;
const hour = 3600;
const day = 86_400;

/** Seconds that are not known well: '5 s', '40 s', '3 min 20 s', '12 min', '2 h 10 min', '31 h', '4 days'. */
export function roughDuration(seconds: number): string {
  const to = (step: number) => Math.max(step, Math.round(seconds / step) * step);
  if (to(5) < minute) return `${to(5)} s`;
  if (to(10) < 5 * minute)
    return to(10) % minute === 0 ? `${to(10) / minute} min` : `${Math.floor(to(10) / minute)} min ${to(10) % minute} s`;
  if (to(minute) < hour) return `${to(minute) / minute} min`;
  if (to(10 * minute) < 10 * hour)
    return to(10 * minute) % hour === 0
      ? `${to(10 * minute) / hour} h`
      : `${Math.floor(to(10 * minute) / hour)} h ${(to(10 * minute) % hour) / minute} min`;
  return to(hour) < 3 * day ? `${to(hour) / hour} h` : `${to(day) / day} days`;
}
