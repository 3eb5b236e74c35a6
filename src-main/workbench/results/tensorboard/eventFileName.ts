/** The name of an event file by its start, in milliseconds since 1970. TensorBoard looks for `tfevents`. */
export const eventFileName = (at: number): string =>
  `events.out.tfevents.${String(Math.floor(at / 1000)).padStart(10, '0')}.arcbench`;
