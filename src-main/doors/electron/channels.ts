/** Channels between the window and its process; there are no others. */
export const givenChannel = 'arcbench:given';
export const requestChannel = 'arcbench:request';
export const eventChannel = 'arcbench:event';
