/** Channels between the window and its process; there are no others. */
export const requestChannel = 'arcbench:request';
export const eventChannel = 'arcbench:event';
